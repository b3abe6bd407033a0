/* What was done for a case is ticked in this browser alone: nothing is sent, and no cookie is set. */

const KEY = "w4r-ways";

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // storage is off, or holds something else
  }
}

/* Notes that a way was gone for a case. */
export function note(slug, way) {
  const done = read();
  if (done[slug]?.includes(way)) return;
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...done, [slug]: [...(done[slug] ?? []), way] }));
  } catch {
    // The list is as good without its ticks.
  }
}

export function enhance(elements) {
  for (const { dataset } of elements) {
    if (dataset.w4rDid) note(dataset.w4rCase, dataset.w4rDid);
  }
  const done = read();
  for (const list of elements) {
    if (!list.dataset.w4rWays) continue;
    const ways = Array.isArray(done[list.dataset.w4rWays]) ? done[list.dataset.w4rWays] : [];
    for (const item of list.querySelectorAll("[data-w4r-way]")) {
      const mark = item.querySelector(".w4r-ways__done");
      if (mark) mark.hidden = !ways.includes(item.dataset.w4rWay);
    }
  }
}
