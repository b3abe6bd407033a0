/* The native share sheet, where the browser has one. The plain share links stay. */

export function enhance(buttons) {
  if (typeof navigator.share !== "function") return;
  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const { title, url, text } = button.dataset;
      try {
        await navigator.share({ title, url: url || location.href, ...(text ? { text } : {}) });
      } catch {
        // Closing the sheet is an answer too.
      }
    });
  }
}
