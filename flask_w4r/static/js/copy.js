/* A button that copies the text of an element. Without it, or where the browser does not let us, the text can be selected. */

export function enhance(buttons) {
  if (!navigator.clipboard) return;
  const status = document.querySelector("[data-w4r-copy-status]");
  for (const button of buttons) {
    const source = document.getElementById(button.dataset.w4rCopy);
    if (!source) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
        if (status) status.textContent = button.dataset.msgCopied;
      } catch {
        button.hidden = true; // the text stands there to be selected
      }
    });
  }
}
