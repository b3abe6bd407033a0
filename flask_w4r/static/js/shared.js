/* Whoever goes on to a network, or copies a text, has told others: that is ticked in this browser's lists of ways to act. */

export async function enhance([page], part) {
  // Before the press: a link leads away at once.
  const { note } = await part("./ways.js");
  page.addEventListener("click", (event) => {
    if (event.target.closest(".w4r-share :is(a, button)")) note(page.dataset.w4rShared, "share");
  });
}
