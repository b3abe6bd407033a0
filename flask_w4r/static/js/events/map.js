/* The map beside the list of events. The list has everything; this shows where, and stays in step with it. */

const MAX_ZOOM = 9; // outlines of land say nothing closer than this; a tile server sets its own

/** Each map loads when it is first seen: on a phone, when somebody switches to it. */
export function enhance(roots, part) {
  for (const root of roots) {
    const finder = new Finder(root, part);
    if (location.hash.startsWith("#map=")) finder.view("map");
    new IntersectionObserver((entries, observer) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      finder.begin();
    }).observe(root);
  }
}

/** List, map, and the switch between them where there is room for one only. */
class Finder {
  constructor(root, part) {
    this.root = root;
    this.part = part;
    this.whole = root.closest("[data-w4r-finder]");
    this.items = new Map([...this.whole.querySelectorAll("[data-event]")].map((item) => [item.dataset.event, item]));
    this.switch = this.whole.querySelector("[data-w4r-map-switch]");
    this.switch.addEventListener("click", () => {
      this.view(this.whole.dataset.view === "map" ? "list" : "map");
      this.whole.scrollIntoView({ block: "start" });
    });
    root.querySelector("[data-w4r-map-retry]").addEventListener("click", () => (this.map ? this.map.render() : this.begin()));
    this.whole.addEventListener("click", async (event) => {
      const button = event.target.closest("[data-w4r-on-map]");
      if (!button) return;
      this.view("map");
      this.whole.scrollIntoView({ block: "nearest" });
      await this.begin();
      this.map?.find(button.closest("[data-event]").dataset.event, button);
    });
    for (const [kind, on] of [["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]]) {
      this.whole.addEventListener(kind, (event) => {
        const item = event.target.closest("[data-event]");
        if (item) this.map?.light(on ? item.dataset.event : null);
      });
    }
    this.whole.dataset.ready = ""; // only now its buttons do something
  }

  view(which) {
    this.whole.dataset.view = which;
    this.switch.textContent = which === "map" ? this.switch.dataset.list : this.switch.dataset.map;
  }

  /** Load the map once; after a failure, anew. */
  begin() {
    this.loading ??= this.load().catch(() => {
      this.loading = null;
      this.say("failed");
    });
    return this.loading;
  }

  async load() {
    const { part, root } = this;
    const names = ["events", "pins", "land", "panel", "view"].map((name) => `./events/${name}.js`);
    const [modules] = await Promise.all([
      Promise.all(names.map(part)),
      part("../vendor/leaflet/leaflet.js"),
      part("../vendor/supercluster/supercluster.min.js"),
      part("../vendor/topojson-client/topojson-client.min.js"),
      layered(),
    ]);
    const parts = Object.assign({}, ...modules);
    const { src, filters, tiles, maxZoom } = root.dataset;
    const deepest = tiles ? Number(maxZoom) : MAX_ZOOM;
    const events = await parts.load(src, JSON.parse(filters), globalThis.Supercluster, deepest);
    this.map = new parts.EventMap(this, parts, globalThis.leaflet.noConflict(), events, deepest);
  }

  say(what, count) {
    const words = JSON.parse(this.root.dataset.words);
    const text = typeof words[what] === "string" ? words[what] : this.count(words[what], count);
    this.root.querySelector("[data-w4r-map-state]").textContent = text;
    const retry = this.root.querySelector("[data-w4r-map-retry]");
    const ended = what !== "failed" && what !== "loading";
    // Who pressed it stays where they were.
    if (ended && document.activeElement === retry) this.root.querySelector("[data-w4r-map-canvas]").focus({ preventScroll: true });
    retry.hidden = ended || (what === "loading" && retry.hidden);
  }

  /** A sentence with a number, in the form that the language has for it. */
  count(forms, count, values = {}) {
    const lang = this.lang;
    const form = forms[new Intl.PluralRules(lang).select(count)] ?? forms.other;
    const shown = { n: new Intl.NumberFormat(`${lang}-u-nu-latn`).format(count), ...values };
    return form.replace(/\{(\w+)\}/g, (_, name) => shown[name]);
  }

  get lang() {
    return this.root.closest("[lang]")?.lang || "en";
  }
}

/** Leaflet's own rules, in a layer under ours. */
function layered() {
  const href = new URL("../../vendor/leaflet/leaflet.layer.css", import.meta.url);
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  return new Promise((done) => {
    link.onload = link.onerror = done;
    document.head.append(link);
  });
}
