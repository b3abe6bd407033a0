/* Copies a text. Without the browser's clipboard the button stays away: the text stands on the page. */

export function enhance(buttons) {
  if (!navigator.clipboard) return;
  for (const button of buttons) {
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.w4rCopy);
        button.textContent = button.dataset.done;
        setTimeout(() => (button.textContent = words), 3000);
      } catch {
        // Not allowed here: the text can be marked by hand.
      }
    });
  }
}
