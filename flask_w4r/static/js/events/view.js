/* The map itself: what is in view, what is chosen, and the address that leads back to it. */

const WORLD = 1;
const NARROW = 480; // pixels under which the section's view would not fit
const TOWN = 8; // how close a single event is shown
const EDGE = 32; // pixels that a pin in focus keeps from the edges, and from what lies over the map
const SLOW = 1000; // after so many milliseconds without an answer the map says that it waits
const HASH = /^#map=(\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/;

export class EventMap {
  constructor(finder, { Pins, Panel, Land, addTiles, near, slugOf }, L, events, deepest) {
    const { root } = finder;
    Object.assign(this, { finder, root, L, events, near, slugOf });
    this.words = JSON.parse(root.dataset.words);
    this.canvas = root.querySelector("[data-w4r-map-canvas]");
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(this.canvas, {
      attributionControl: false, zoomControl: false, scrollWheelZoom: false, minZoom: WORLD, maxZoom: deepest,
      maxBounds: [[-85, -Infinity], [85, Infinity]], maxBoundsViscosity: 1,
      zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, inertia: !still,
    });
    this.pins = new Pins(L, this.map, {
      near,
      name: (group) => this.name(group),
      open: (group, button) => this.open(group, button),
      clear: (at) => this.clear(at),
    });
    const filters = JSON.parse(root.dataset.filters);
    this.panel = new Panel(root.querySelector("[data-w4r-map-panel]"), this.words, finder.lang, root.dataset.list, filters);
    this.controls();
    this.start();
    if (root.dataset.tiles) addTiles(L, this.map, root.dataset.tiles, deepest);
    else this.land = new Land(L, this.map, globalThis.topojson, (name) => new URL(name, import.meta.url));
    this.land?.draw();
    this.map.on("moveend", () => this.render());
    this.map.on("dragend zoomend keydown", () => (this.moved = true));
    this.render();
  }

  controls() {
    const { map, root, canvas } = this;
    for (const button of root.querySelectorAll("[data-w4r-map-zoom]")) {
      button.addEventListener("click", () => map.setZoom(map.getZoom() + Number(button.dataset.w4rMapZoom)));
    }
    root.querySelector("[data-w4r-map-all]").addEventListener("click", () => this.all());
    root.querySelector("[data-w4r-map-close]").addEventListener("click", () => this.close());
    root.addEventListener("keydown", (event) => event.key === "Escape" && this.chosen && this.close());
    // The wheel scrolls the page until somebody has turned to the map.
    canvas.addEventListener("pointerdown", () => map.scrollWheelZoom.enable());
    canvas.addEventListener("pointerleave", () => map.scrollWheelZoom.disable());
    for (const [kind, on] of [["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]]) {
      canvas.addEventListener(kind, (event) => this.lightItems(on ? event.target.closest("button") : null));
    }
    new ResizeObserver(() => canvas.offsetWidth && map.invalidateSize({ animate: false })).observe(canvas);
    addEventListener("hashchange", () => this.fromHash() && this.finder.view("map"));
  }

  /** What is seen first: the linked view, else around the place searched for, else the section's own. */
  start() {
    const { center, zoom, near, km } = this.root.dataset;
    const point = (text) => this.L.latLng(text.split(",").map(Number));
    this.home = center ? point(center) : null;
    if (near) {
      const circle = { radius: (Number(km) || 25) * 1000, interactive: false, className: "w4r-map__searched" };
      this.home = point(near);
      this.searched = this.L.circle(this.home, circle);
    }
    const wide = this.canvas.clientWidth > NARROW ? 0 : -1;
    this.map.setView(this.home ?? [20, 0], this.home ? Number(zoom) + wide : WORLD, { animate: false });
    this.searched?.addTo(this.map);
    if (this.fromHash()) return;
    if (this.searched) this.map.fitBounds(this.searched.getBounds(), { animate: false });
    else if (!this.home || this.filtered()) this.all(false);
  }

  filtered() {
    return Object.keys(JSON.parse(this.root.dataset.filters)).length > 0;
  }

  all(animate = true) {
    const centre = this.home?.lng ?? this.map.getCenter().lng;
    const points = this.events.extent().map(([lat, lon]) => [lat, this.near(lon, centre)]);
    if (points.length) this.map.fitBounds(points, { maxZoom: TOWN, padding: [40, 40], ...(animate ? {} : { animate }) });
    this.moved = animate;
  }

  fromHash() {
    const [, zoom, lat, lon] = HASH.exec(location.hash) ?? [];
    if (!zoom || Math.abs(lat) > 85) return false;
    this.map.setView([Number(lat), Number(lon)], Number(zoom), { animate: false });
    return true;
  }

  toHash() {
    const { lat, lng } = this.map.getCenter().wrap();
    history.replaceState(history.state, "", `#map=${this.map.getZoom()}/${lat.toFixed(3)}/${lng.toFixed(3)}`);
  }

  async render() {
    const { map } = this;
    const bounds = map.getBounds();
    const sides = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    let groups;
    clearTimeout(this.slow);
    const slow = (this.slow = setTimeout(() => this.finder.say("loading"), SLOW));
    try {
      groups = await this.events.groups(sides, map.getZoom());
    } catch (fault) {
      if (fault.name !== "AbortError") this.finder.say("failed");
      return;
    } finally {
      clearTimeout(slow);
    }
    const held = this.canvas.contains(document.activeElement) && document.activeElement !== this.canvas;
    this.holders = null;
    this.pins.show(groups);
    if (this.follow || (held && !this.canvas.contains(document.activeElement))) {
      (this.pins.nearest(this.follow ?? map.getCenter())?.button ?? this.canvas).focus({ preventScroll: true });
    }
    this.follow = null;
    this.mark();
    const count = groups.reduce((sum, group) => sum + group.count, 0);
    if (count) this.finder.say("here", count);
    else this.finder.say(this.events.extent().length ? "none" : "empty");
    for (const button of this.root.querySelectorAll("[data-w4r-map-zoom]")) {
      const end = button.dataset.w4rMapZoom > 0 ? map.getMaxZoom() : map.getMinZoom();
      button.ariaDisabled = String(map.getZoom() === end);
    }
    if (this.moved) this.toHash();
  }

  name(group) {
    if (!group.event) return this.finder.count(group.place ? this.words.near : this.words.here, group.count, { place: group.place });
    const { title, place, availability } = group.event;
    return [title, place, this.panel.when(group.event), this.words.availability[availability]].filter(Boolean).join(", ");
  }

  /** A pin opens its event; a group opens into what it holds, or lists it where no closer look would. */
  open(group, button) {
    const zoom = group.event ? null : this.events.apart(group);
    if (zoom === null) return this.choose(group, button);
    this.close(false);
    this.moved = true;
    this.follow = this.at(group);
    this.map.setView(this.follow, zoom);
  }

  at({ lat, lon }) {
    return this.L.latLng(lat, this.near(lon, this.map.getCenter().lng));
  }

  /** Move a point out from under the map's words, tools and panel. */
  clear(at) {
    const { root, canvas } = this;
    const [all, words, tools] = [canvas, root.querySelector("[data-w4r-map-state]"), root.querySelector(".w4r-map__tools")]
      .map((element) => element.getBoundingClientRect());
    const left = tools.left + tools.right < all.left + all.right;
    this.map.panInside(at, {
      paddingTopLeft: [EDGE + (left ? tools.right - all.left : 0), EDGE + words.bottom - all.top],
      paddingBottomRight: [EDGE + (left ? 0 : all.right - tools.left), EDGE + this.panel.root.offsetHeight],
    });
  }

  async choose(group, origin) {
    this.chosen = group;
    this.origin = origin;
    const events = await this.events.everyone(group);
    if (this.chosen !== group) return; // they went on meanwhile
    this.panel.show(group, events);
    this.clear(this.at(group));
    this.mark();
    this.finder.items.get(group.event && this.slugOf(group.event.url))?.scrollIntoView({ block: "nearest" });
  }

  close(back = true) {
    const { chosen } = this;
    this.chosen = null;
    this.panel.hide();
    this.mark();
    if (!back || !chosen) return;
    const shown = this.origin?.isConnected && this.origin.offsetParent ? this.origin : this.pins.markers.get(chosen.key)?.button;
    (shown ?? this.canvas).focus({ preventScroll: true });
  }

  /** From the list: go there, and open it. Where there are too many events to know them all, its town is in focus. */
  find(slug, origin) {
    const known = this.events.find(slug);
    const [lat, lon] = origin.dataset.w4rOnMap.split(",").map(Number);
    const at = this.at(known ?? { lat, lon });
    const zoom = known ? Math.max(this.map.getZoom(), TOWN) : this.map.getMaxZoom();
    this.moved = true;
    if (!known) this.follow = at;
    this.map.setView(at, Math.min(zoom, this.map.getMaxZoom()), { animate: false });
    if (known) this.choose(known, origin);
  }

  /** The pin, or the group, that an event is in now. */
  holder(slug) {
    if (!this.holders) {
      this.holders = new Map();
      for (const [key, { group }] of this.pins.markers) {
        for (const event of this.events.members(group)) this.holders.set(this.slugOf(event.url), key);
      }
    }
    return this.holders.get(slug);
  }

  light(slug) {
    const key = slug && this.holder(slug);
    for (const [own, { button }] of this.pins.markers) button.toggleAttribute("data-lit", own === key);
  }

  lightItems(button) {
    for (const [slug, item] of this.finder.items) {
      item.toggleAttribute("data-lit", Boolean(button) && this.pins.markers.get(this.holder(slug))?.button === button);
    }
  }

  mark() {
    const slug = this.chosen?.event && this.slugOf(this.chosen.event.url);
    const key = slug ? this.holder(slug) : this.chosen?.key;
    for (const [own, { button }] of this.pins.markers) button.ariaCurrent = own === key ? "true" : null;
    for (const [own, item] of this.finder.items) item.toggleAttribute("data-chosen", own === slug);
  }
}
