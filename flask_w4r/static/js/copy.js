/* Copies a text, and nothing else, to be pasted where it is translated: no link, no name, no page of ours. */

const SAID_FOR = 3_000;

async function copy(button) {
  const text = document.getElementById(button.dataset.w4rCopy)?.innerText ?? "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return; // the browser does not allow it; the text can be marked by hand
  }
  const words = button.firstChild;
  const before = words.textContent;
  if (before === button.dataset.msgCopied) return;
  words.textContent = button.dataset.msgCopied;
  setTimeout(() => (words.textContent = before), SAID_FOR);
}

function show() {
  for (const button of document.querySelectorAll("[data-w4r-copy][hidden]")) button.hidden = false;
}

export function enhance() {
  if (!navigator.clipboard) return; // only where the page came by https
  show();
  // The queue brings new rows without a new page.
  new MutationObserver(show).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-w4r-copy]");
    if (button) copy(button);
  });
}
