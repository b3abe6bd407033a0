/* Copies a text and nothing else: the one that a button carries, or that of an element. Without the browser's clipboard the buttons
   stay away: the text stands on the page. */

const BUTTONS = "[data-w4r-copy], [data-w4r-copy-from]";
const SAID_FOR = 3_000;

async function copy(button) {
  const { w4rCopy, w4rCopyFrom, done } = button.dataset;
  try {
    await navigator.clipboard.writeText(w4rCopyFrom ? (document.getElementById(w4rCopyFrom)?.innerText ?? "").trim() : w4rCopy);
  } catch {
    return; // the browser does not allow it; the text can be marked by hand
  }
  const words = button.firstChild;
  const before = words.textContent;
  if (before === done) return;
  words.textContent = done;
  setTimeout(() => (words.textContent = before), SAID_FOR);
}

function show() {
  for (const button of document.querySelectorAll(BUTTONS)) button.hidden = false;
}

export function enhance() {
  if (!navigator.clipboard) return; // only where the page came by https
  show();
  // The queue brings new rows without a new page.
  new MutationObserver(show).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("click", (event) => {
    const button = event.target.closest(BUTTONS);
    if (button) copy(button);
  });
}
