/* The queue by keyboard. Without this the same forms work by their buttons.
   A decision made here travels alone: the page stays, the row goes, the focus is on the next one. */

const KEYS_OFF = "w4r-desk-keys-off";
const PATIENCE = 20_000;

class Queue {
  constructor(form) {
    this.form = form;
    this.status = form.querySelector("[data-w4r-desk-status]");
    this.undoable = [...document.querySelectorAll("form[data-w4r-undo]")].map((past) => past.action).reverse();
    this.last = Promise.resolve(); // decisions go one after the other
    this.waiting = 0;
    if (!this.status) return; // this reader may look only
    this.keys();
    const all = form.querySelector("[data-w4r-tick-all]");
    all.hidden = false;
    all.addEventListener("click", () => this.tickAll());
    this.back = form.querySelector("[data-w4r-undo-last]");
    this.back.addEventListener("click", () => this.undo());
    this.back.hidden = this.undoable.length === 0;
    form.addEventListener("change", (event) => event.target.name === "items" && this.sayTicked());
    form.addEventListener("submit", (event) => this.onSubmit(event));
    // Clicked rows take the focus, so that keys and mouse speak of the same one.
    form.addEventListener("click", (event) => {
      if (!event.target.closest("a, button, input, label")) event.target.closest("[data-item]")?.focus();
    });
  }

  /** One key does one thing, but not while somebody types, and not if they switched it off. */
  keys() {
    const list = document.querySelector("[data-w4r-keys]");
    const on = list.querySelector("[data-w4r-keys-on]");
    list.hidden = false;
    on.checked = remembered() !== "1";
    on.addEventListener("change", () => remember(on.checked ? null : "1"));
    const acts = {
      j: () => this.move(1),
      k: () => this.move(-1),
      a: () => this.decide("approve"),
      x: () => this.decide("reject"),
      u: () => this.undo(),
      "?": () => {
        list.open = !list.open;
        if (list.open) list.querySelector("summary").focus();
      },
    };
    document.addEventListener("keydown", (event) => {
      if (!on.checked || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]")) return;
      const act = event.key === " " && event.target.matches("[data-item]") ? () => this.tick(event.target) : acts[event.key];
      if (!act || (event.repeat && !"jk".includes(event.key))) return;
      event.preventDefault();
      act();
    });
  }

  rows() {
    return [...this.form.querySelectorAll("[data-item]:not([data-deciding])")];
  }

  current() {
    return document.activeElement?.closest("[data-item]:not([data-deciding])") ?? null;
  }

  move(by) {
    const rows = this.rows();
    const at = rows.indexOf(this.current());
    this.focus(rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)]);
  }

  focus(row) {
    (row ?? this.form.querySelector("[data-w4r-count-line]"))?.focus();
  }

  box(row) {
    return row.querySelector("input[name=items]");
  }

  ticked() {
    return this.rows().filter((row) => this.box(row).checked);
  }

  tick(row) {
    this.box(row).checked = !this.box(row).checked;
    this.sayTicked();
  }

  tickAll() {
    const every = this.ticked().length < this.rows().length;
    for (const row of this.rows()) this.box(row).checked = every;
    this.sayTicked();
  }

  sayTicked() {
    this.say(`${this.form.dataset.msgTicked} ${this.ticked().length.toLocaleString(document.documentElement.lang)}`);
  }

  say(message) {
    this.status.textContent = message;
  }

  onSubmit(event) {
    const [act, item] = (event.submitter?.name === "one" ? event.submitter.value : "").split(" ");
    const row = item && this.rows().find((one) => one.dataset.item === item);
    if (!row && event.submitter?.name !== "decision") return;
    event.preventDefault();
    if (row) this.send(act, [row]);
    else this.decide(event.submitter.value, this.ticked());
  }

  decide(act, chosen = this.ticked()) {
    const rows = chosen.length ? chosen : [this.current()].filter(Boolean);
    if (rows.length) this.send(act, rows);
    else this.sayTicked();
  }

  /** Off they go: dimmed now, gone when the server says so, back if it does not. */
  send(act, rows) {
    const every = this.rows();
    const at = every.indexOf(rows.includes(this.current()) ? this.current() : rows[0]);
    const stay = (row) => !rows.includes(row);
    const next = every.slice(at).find(stay) ?? every.slice(0, at).findLast(stay);
    for (const row of rows) row.dataset.deciding = "";
    this.focus(next);
    const data = this.token();
    data.set("decision", act);
    data.set("reason", this.form.elements.namedItem("reason").value);
    for (const row of rows) data.append("items", row.dataset.item);
    this.queue(async () => {
      let answer;
      try {
        answer = await post(this.form.action, data);
      } catch (fault) {
        for (const row of rows) delete row.dataset.deciding;
        this.say(fault.words ?? this.form.dataset.msgFailed);
        this.focus(rows[0]);
        return;
      }
      // What was said to one host is not said to the next by mistake.
      if ("w4rOwnReason" in this.form.dataset) this.form.elements.namedItem("reason").value = "";
      const within = rows.some((row) => row.contains(document.activeElement));
      for (const row of rows) row.remove();
      if (within) this.focus(this.rows()[0]);
      if (answer.undo) this.undoable.push(answer.undo);
      this.back.hidden = this.undoable.length === 0;
      this.form.querySelector("[data-w4r-count-line]").textContent = answer.waits;
      this.say(answer.message);
    });
  }

  undo() {
    this.queue(async () => {
      const url = this.undoable.pop();
      if (!url) return this.say(this.form.dataset.msgNothing);
      try {
        const answer = await post(url, this.token());
        await this.refill();
        this.say(answer.message);
        this.back.hidden = this.undoable.length === 0;
      } catch (fault) {
        this.undoable.push(url);
        this.say(fault.words ?? this.form.dataset.msgFailed);
      }
    });
  }

  /** The token and the filters. */
  token() {
    const data = new FormData();
    for (const field of this.form.querySelectorAll("input[type=hidden]")) data.set(field.name, field.value);
    return data;
  }

  queue(work) {
    this.waiting += 1;
    this.last = this.last.then(work).then(async () => {
      this.waiting -= 1;
      if (!this.waiting && this.rows().length === 0) await this.refill().catch(() => {});
      if (!this.waiting) this.form.toggleAttribute("data-busy", false);
    });
    this.form.toggleAttribute("data-busy", true);
  }

  /** What waits now, in place of what is shown. */
  async refill() {
    const answer = await fetch(this.form.dataset.refill, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of ["[data-w4r-rows]", "[data-w4r-past]"]) {
      const fresh = page.querySelector(part);
      if (fresh) document.querySelector(part)?.replaceWith(document.importNode(fresh, true));
    }
    this.focus(this.rows()[0]);
  }
}

/** The answer's JSON; throws, with words for the reader where the server has some. */
async function post(url, body) {
  const signal = AbortSignal.timeout(PATIENCE);
  const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" }, signal });
  const found = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(answer.status), { words: found.message });
  return found;
}

function remembered() {
  try {
    return localStorage.getItem(KEYS_OFF);
  } catch {
    return null; // storage is switched off
  }
}

function remember(value) {
  try {
    if (value === null) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, value);
  } catch {
    // storage is switched off: it holds for this page
  }
}

for (const form of document.querySelectorAll("form[data-w4r-queue]")) new Queue(form);
