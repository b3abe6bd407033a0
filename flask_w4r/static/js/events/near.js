/* "Near me": asks where the reader is only when they press, and tells the server no more than a tenth of a degree. */

const PATIENCE = 15_000;

/** About eleven kilometres: enough to find a town. */
export function rough({ latitude, longitude }) {
  return [latitude, longitude].map((angle) => (Math.round(angle * 10) / 10 || 0).toFixed(1)).join(",");
}

export function enhance(buttons) {
  for (const button of buttons) {
    if (!window.isSecureContext || !navigator.geolocation) {
      button.hidden = true;
      continue;
    }
    const status = document.getElementById(button.getAttribute("aria-describedby"));
    const field = button.form.elements.namedItem("near");
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      status.textContent = button.dataset.msgWaiting;
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          field.value = rough(coords);
          button.form.requestSubmit();
        },
        ({ code }) => {
          button.removeAttribute("aria-disabled");
          status.textContent = code === 1 ? button.dataset.msgRefused : button.dataset.msgFailed;
        },
        { enableHighAccuracy: false, maximumAge: 600_000, timeout: PATIENCE },
      );
    });
    button.dataset.ready = ""; // only now it does something
    // Back from the list by the browser's own button: it can be pressed anew.
    window.addEventListener("pageshow", () => {
      button.removeAttribute("aria-disabled");
      status.textContent = "";
    });
  }
}
