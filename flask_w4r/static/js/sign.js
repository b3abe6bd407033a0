/* The sign form. On the first input, never on view, it asks for the form's token and begins to solve the captcha.
   Pressing the button waits for both, eight seconds at most, and then goes on without: the server knows what to do.
   The form itself always travels as a plain form POST. */

const PATIENCE = 8_000;
const TOKEN_LIFE = 11 * 60 * 60 * 1000; // an hour less than the server's twelve
const ANNOUNCE_AFTER = 300;
const PRESS_AGAIN_AFTER = 15_000;

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

class SignForm {
  constructor(form, part) {
    this.form = form;
    this.part = part;
    this.status = form.querySelector("[data-w4r-captcha-status]");
    this.loadedAt = Date.now();
    this.kind = form.querySelector("[data-w4r-captcha]")?.dataset.kind; // the captcha that the server wants, where known
    // Browsers may fill in again what a script wrote here before.
    this.reset(["back_forward", "reload"].includes(performance.getEntriesByType("navigation")[0]?.type));
    for (const kind of ["input", "change"]) form.addEventListener(kind, () => this.onInput());
    form.addEventListener("submit", (event) => this.onSubmit(event));
    part("./typed.js").then(
      (typed) => {
        this.typed = typed;
        typed.restore(form);
      },
      () => {},
    );
    addEventListener("pagehide", () => this.stop?.abort());
    addEventListener("pageshow", (event) => event.persisted && this.reset(true));
  }

  /** Back to the state of a fresh page. What an earlier press used up (`stale`) is not sent again. */
  reset(stale) {
    this.stop?.abort();
    this.stop = null; // the AbortController of the preparation under way
    this.work = null; // its promise
    this.state = "idle"; // idle, preparing, ready, failed
    this.press = "none"; // none, waiting, through, gone
    this.renew = stale;
    this.expires = Infinity;
    this.widget = null;
    if (stale) this.fill("altcha", "");
    this.busy(false);
    this.say("");
  }

  fill(name, value) {
    const field = this.form.elements.namedItem(name);
    if (field && "value" in field) field.value = value ?? "";
  }

  value(name) {
    return this.form.elements.namedItem(name)?.value ?? "";
  }

  /** Speak through the polite live region, in the page's language. */
  say(message) {
    const text = message ? (this.form.dataset[`msg${message}`] ?? "") : "";
    if (this.status && this.status.textContent !== text) this.status.textContent = text;
  }

  /** Marked, not disabled: a disabled button would lose the focus. */
  busy(yes) {
    for (const button of this.form.querySelectorAll("button:not([type=button])")) {
      if (yes) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    }
    if (yes) this.form.setAttribute("aria-busy", "true");
    else this.form.removeAttribute("aria-busy");
  }

  onInput() {
    if (this.state === "idle" || this.expired()) this.begin();
  }

  expired() {
    return this.state === "ready" && Date.now() > this.expires;
  }

  tokensHold() {
    return Boolean(this.value("form_token")) && !this.renew && Date.now() < this.loadedAt + TOKEN_LIFE;
  }

  begin() {
    this.stop?.abort();
    this.stop = new AbortController();
    this.state = "preparing";
    this.startedAt = Date.now();
    const { signal } = this.stop;
    this.work = this.prepare(signal).then(
      () => signal.aborted || (this.state = "ready"),
      () => signal.aborted || (this.state = "failed"),
    );
  }

  async prepare(signal) {
    const box = this.form.querySelector("[data-w4r-hcaptcha]");
    if (this.tokensHold()) {
      this.expires = this.loadedAt + TOKEN_LIFE;
      if (this.kind === "hcaptcha" && box?.dataset.siteKey) return this.show(box, box.dataset.siteKey, signal);
      if (!this.kind) return undefined;
    }
    const answer = await fetch(this.form.dataset.tokenUrl, {
      credentials: "same-origin",
      cache: "no-store",
      headers: { Accept: "application/json" },
      signal,
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const tokens = await answer.json();
    if (!this.tokensHold()) {
      this.fill("form_token", tokens.form_token);
      this.loadedAt = Date.now();
      this.renew = false;
    }
    this.expires = this.loadedAt + TOKEN_LIFE;
    this.kind = tokens.captcha?.kind;
    if (tokens.captcha?.kind === "altcha") return this.solve(tokens.captcha.challenge, signal);
    if (tokens.captcha?.kind === "hcaptcha") return this.show(box, tokens.captcha.site_key, signal);
    return undefined;
  }

  async solve(challenge, signal) {
    this.fill("altcha", "");
    const { canSolve, solve } = await this.part("./altcha.js");
    if (!canSolve(challenge)) return;
    const timers = [
      setTimeout(() => this.press === "none" && this.say("Solving"), ANNOUNCE_AFTER),
      setTimeout(() => this.press === "none" && this.say("Slow"), PATIENCE - (Date.now() - this.startedAt)),
    ];
    signal.addEventListener("abort", () => timers.forEach(clearTimeout), { once: true });
    const payload = await solve(challenge, { signal });
    timers.forEach(clearTimeout);
    if (signal.aborted) return;
    if (payload) {
      this.fill("altcha", payload);
      const until = challenge.parameters.expiresAt;
      if (until) this.expires = Math.min(this.expires, until * 1000 - 60_000);
    }
    if (this.press === "none") this.say(payload ? "Solved" : "Slow");
  }

  async show(box, siteKey, signal) {
    const { widget } = await this.part("./hcaptcha.js");
    if (box && !signal.aborted) this.widget = await widget(box, siteKey);
  }

  onSubmit(event) {
    if (event.defaultPrevented) return;
    if (this.press === "through") {
      this.leave();
      return;
    }
    if (this.press !== "none") {
      event.preventDefault(); // a second press while the first is under way
      return;
    }
    if (this.state === "idle" || this.state === "failed" || this.expired()) this.begin();
    if (this.state === "ready" && !this.widget?.open()) {
      this.leave();
      return;
    }
    event.preventDefault();
    this.waitAndGo(event.submitter);
  }

  async waitAndGo(submitter) {
    this.press = "waiting";
    this.busy(true);
    this.say("Sending");
    const { stop } = this;
    await sleep(0); // a browser ignores requestSubmit() while it still handles the press
    await Promise.race([this.work, sleep(PATIENCE - (Date.now() - this.startedAt))]);
    const refused = this.widget?.open() && !(await this.widget.ask());
    if (this.stop !== stop || this.press !== "waiting") return; // the page was left and came back
    if (refused) {
      this.press = "none";
      this.busy(false);
      this.say("Slow"); // the next press goes without
      return;
    }
    if (this.state === "preparing") this.say("Slow");
    this.press = "through";
    if (this.form.requestSubmit) this.form.requestSubmit(submitter);
    else this.form.submit();
    if (this.press !== "through") return;
    this.press = "none"; // somebody else's script held the form back
    this.busy(false);
  }

  /** The browser takes over. Should the network swallow the press, the button comes back. */
  leave() {
    this.typed?.keep(this.form);
    this.press = "gone";
    this.busy(true);
    this.say("Sending");
    setTimeout(() => {
      if (this.press !== "gone") return;
      this.press = "none";
      this.busy(false);
      this.say("");
    }, PRESS_AGAIN_AFTER);
  }
}

export function enhance(forms, part) {
  for (const form of forms) new SignForm(form, part);
}
