/* Whoever goes on to a network, or copies a text, has told others: that is ticked in this browser's lists of ways to act. */

export function enhance([page], part) {
  page.addEventListener("click", async (event) => {
    if (!event.target.closest(".w4r-share :is(a, button)")) return;
    (await part("./ways.js")).note(page.dataset.w4rShared, "share");
  });
}
