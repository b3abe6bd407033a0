/* Copies a text: the one that the button carries, or that of an element. Without the browser's clipboard the button stays away: the
   text stands on the page. */

export function enhance(buttons) {
  if (!navigator.clipboard) return;
  const status = document.querySelector("[data-w4r-copy-status]");
  for (const button of buttons) {
    const source = button.dataset.w4rCopyFrom ? document.getElementById(button.dataset.w4rCopyFrom) : null;
    if (button.dataset.w4rCopyFrom && !source) continue;
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source ? source.textContent.trim() : button.dataset.w4rCopy);
        if (status) status.textContent = button.dataset.msgCopied ?? "";
        if (button.dataset.done) {
          button.textContent = button.dataset.done;
          setTimeout(() => (button.textContent = words), 3000);
        }
      } catch {
        // Not allowed here: the text can be marked by hand.
      }
    });
  }
}
