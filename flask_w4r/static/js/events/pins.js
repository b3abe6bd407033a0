/* Pins and groups: real buttons, in reading order, with the town's name beside them where there is room. */

const ROW = 72; // pixels that count as one line of reading
const PIN = 32;

export class Pins {
  constructor(L, map, { name, open, near, clear }) {
    Object.assign(this, { L, map, name, open, near, clear });
    this.markers = new Map();
    this.pane = map.getPane("markerPane");
    this.Button = L.Icon.extend({
      createIcon() {
        this.button.type = "button";
        this._setIconStyles(this.button, "icon");
        return this.button;
      },
      createShadow: () => null,
    });
  }

  /** Show these groups and no others; buttons that stay are left alone, so that the focus stays too. */
  show(groups) {
    const centre = this.map.getCenter().lng;
    const keys = new Set(groups.map(({ key }) => key));
    for (const [key, { marker }] of this.markers) {
      if (keys.has(key)) continue;
      marker.remove();
      this.markers.delete(key);
    }
    for (const group of groups) {
      const at = this.L.latLng(group.lat, this.near(group.lon, centre));
      const known = this.markers.get(group.key);
      if (known) Object.assign(known, { group }).marker.setLatLng(at);
      else this.markers.set(group.key, this.make(group, at));
    }
    this.order();
    this.labels();
  }

  make(group, at) {
    const button = document.createElement("button");
    button.setAttribute("aria-label", this.name(group));
    const size = group.event ? PIN : PIN + 6 * Math.min(3, Math.ceil(Math.log10(group.count)));
    const className = `w4r-pin w4r-pin--${group.event ? group.event.availability : "group"}`;
    const sign = document.createElement("span");
    sign.className = "w4r-pin__sign";
    if (!group.event) sign.textContent = this.short(group.count);
    const label = document.createElement("span");
    label.className = "w4r-pin__label";
    label.append(document.createElement("bdi"));
    label.firstChild.textContent = group.place ?? group.event?.place ?? "";
    sign.ariaHidden = label.ariaHidden = "true";
    button.append(sign, label);
    const icon = new this.Button({ iconSize: [size, size], className });
    icon.button = button;
    const marker = this.L.marker(at, { icon, keyboard: false, autoPanOnFocus: false }).addTo(this.map);
    const pin = { group, marker, button, label, size };
    marker.on("click", () => this.open(pin.group, button));
    button.addEventListener("focus", () => {
      if (button.matches(":focus-visible")) this.clear(marker.getLatLng());
    });
    return pin;
  }

  short(count) {
    const style = count < 1000 ? {} : { notation: "compact", maximumFractionDigits: 0 };
    return new Intl.NumberFormat(`${document.documentElement.lang || "en"}-u-nu-latn`, style).format(count);
  }

  place({ marker }) {
    return this.map.latLngToLayerPoint(marker.getLatLng());
  }

  /** Line by line from the top, as the Tab key goes. The one in focus is never taken out: it would lose the focus. */
  order() {
    const rows = [...this.markers.values()].map((pin) => ({ pin, ...this.place(pin) }));
    rows.sort((a, b) => Math.round(a.y / ROW) - Math.round(b.y / ROW) || a.x - b.x);
    const buttons = rows.map(({ pin }) => pin.button);
    const held = buttons.indexOf(document.activeElement);
    for (const [at, button] of buttons.entries()) {
      if (at < held) this.pane.insertBefore(button, buttons[held]);
      else if (at !== held) this.pane.append(button);
    }
  }

  /** Names where they cover no pin and no other name; the biggest groups first. */
  labels() {
    const pins = [...this.markers.values()].map((pin) => ({ pin, ...this.place(pin), width: pin.label.offsetWidth }));
    pins.sort((a, b) => b.pin.group.count - a.pin.group.count);
    const taken = pins.map(({ pin, x, y }) => [x - pin.size / 2, y - pin.size / 2, x + pin.size / 2, y + pin.size / 2]);
    for (const { pin, x, y, width } of pins) {
      const top = y + pin.size / 2;
      const box = [x - width / 2 - 2, top + 1, x + width / 2 + 2, top + 20];
      const free = width > 0 && !taken.some((one) => box[0] < one[2] && one[0] < box[2] && box[1] < one[3] && one[1] < box[3]);
      pin.label.classList.toggle("w4r-pin__label--on", free);
      if (free) taken.push(box);
    }
  }

  nearest(latlng) {
    const far = ({ marker }) => marker.getLatLng().distanceTo(latlng);
    return [...this.markers.values()].reduce((best, pin) => (!best || far(pin) < far(best) ? pin : best), null);
  }
}
