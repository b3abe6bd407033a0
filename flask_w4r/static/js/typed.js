/* What was typed, kept in this tab from the press to the next page, so that a mistyped address can be seen and mended there.
   It never leaves the browser, is taken out of the store as soon as it is read, and is of no use after ten minutes. */

const KEY = "w4r-typed";
const KEPT = 10 * 60 * 1000;

function take() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    sessionStorage.removeItem(KEY);
    return kept && Date.now() - kept.at < KEPT ? kept : null;
  } catch {
    return null; // no store in this browser
  }
}

function put(kept) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...kept, at: Date.now() }));
  } catch {
    // Then nothing is shown.
  }
}

/** The button is pressed: keep what people typed, and none of the hidden fields. */
export function keep(form) {
  const address = form.elements.namedItem("email")?.value;
  if (!address) return;
  const fields = [...form.elements].filter((field) => field.name && field.type !== "hidden" && field.name !== "website");
  const values = fields.map(({ name, value, type, checked }) => [name, value, /radio|checkbox/.test(type) ? checked : null]);
  put({ address, values, path: location.pathname + location.search });
}

/** Back from the next page: the form as it was, with the address to be changed. */
export function restore(form) {
  const kept = take();
  if (!kept?.back || kept.path !== location.pathname + location.search) return;
  for (const [name, value, checked] of kept.values) {
    for (const field of form.elements) {
      if (field.name !== name) continue;
      if (checked === null) field.value = value;
      else if (field.value === value) field.checked = checked;
    }
  }
  const address = form.elements.namedItem("email");
  address?.focus();
  address?.select?.();
}

export function enhance(elements) {
  const kept = take();
  if (!kept || kept.back) return;
  for (const element of elements) {
    element.querySelector("[data-w4r-address]").textContent = kept.address;
    element.querySelector("button").addEventListener("click", () => {
      put({ ...kept, back: true });
      location.assign(kept.path);
    });
    element.hidden = false;
  }
}
