/* hCaptcha, where a section has chosen it: loaded on first input, never on view. */

const READY = "w4rHcaptchaReady";
let library = null;

function load() {
  library ??= new Promise((resolve, reject) => {
    globalThis[READY] = () => resolve(globalThis.hcaptcha);
    const address = new URL("https://js.hcaptcha.com/1/api.js");
    address.search = new URLSearchParams({
      render: "explicit",
      onload: READY,
      recaptchacompat: "off",
      hl: document.documentElement.lang.split("-")[0] || "en",
    });
    const script = document.createElement("script");
    script.src = address.href;
    script.async = true;
    script.addEventListener("error", reject);
    document.head.append(script);
  });
  return library;
}

/**
 * Show the widget.
 * @returns {Promise<{open: () => boolean, ask: () => Promise<boolean>}>} `open`: still unanswered, and the person was
 *   not asked yet; `ask` opens the challenge and tells whether it was answered.
 */
export async function widget(box, siteKey) {
  const hcaptcha = await load();
  box.parentElement.hidden = false;
  box.hidden = false;
  const id = hcaptcha.render(box, { sitekey: siteKey });
  let asked = false;
  return {
    open: () => !asked && !hcaptcha.getResponse(id),
    ask: async () => {
      asked = true;
      try {
        await hcaptcha.execute(id, { async: true });
        return true;
      } catch {
        return false;
      }
    },
  };
}
