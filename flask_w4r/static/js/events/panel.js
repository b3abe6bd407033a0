/* What was chosen on the map, in words: one event, or the events of one place. */

const MOST = 30;

export class Panel {
  /**
   * @param {HTMLElement} root the panel
   * @param {object} words what it says, from the page
   * @param {string} lang the page's language
   * @param {string} listAddress where the list is searched
   * @param {object} filters what it is searched for besides a place
   */
  constructor(root, words, lang, listAddress, filters) {
    Object.assign(this, { root, words, listAddress, filters });
    this.body = root.querySelector("[data-w4r-map-chosen]");
    this.more = root.querySelector("[data-w4r-map-more]");
    const style = { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit" };
    this.date = new Intl.DateTimeFormat(`${lang}-u-nu-latn`, { ...style, timeZone: "UTC" });
  }

  /** The event's start on its own clock, whatever the reader's is. */
  when({ starts_at: start }) {
    const clock = new Date(`${start.slice(0, 16)}Z`);
    return Number.isNaN(clock.valueOf()) ? start : this.date.format(clock);
  }

  show(group, events) {
    this.body.replaceChildren(...events.slice(0, MOST).map((event) => this.entry(event)));
    const left = group.count - Math.min(events.length, MOST);
    this.more.hidden = left <= 0;
    if (left > 0) {
      const url = new URL(this.listAddress, location.href);
      url.searchParams.set("near", `${group.lat.toFixed(3)},${group.lon.toFixed(3)}`);
      url.searchParams.set("km", "50");
      for (const [name, value] of Object.entries(this.filters)) url.searchParams.set(name, value === true ? "1" : value);
      this.more.href = url;
    }
    this.root.hidden = false;
    this.root.scrollTop = 0;
    (this.body.querySelector("a") ?? this.more).focus({ preventScroll: true });
  }

  hide() {
    this.root.hidden = true;
  }

  entry(event) {
    const item = document.createElement("li");
    const link = make("a", event.title, "w4r-map__title");
    link.href = own(event.url);
    link.dir = "auto";
    const facts = [this.words.kinds[event.kind], this.words.availability[event.availability]].filter(Boolean);
    item.append(link, make("span", this.when(event)));
    if (event.place) item.append(make("bdi", event.place));
    if (facts.length) item.append(make("span", facts.join(" · "), "w4r-small"));
    return item;
  }
}

/** An address of this site; anything else leads nowhere. */
function own(address) {
  const url = new URL(address, location.href);
  return url.origin === location.origin ? url.href : "#";
}

function make(name, text, className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  element.className = className;
  return element;
}
