/* Keeps the counts on a page current while somebody looks at it: from tally.json at once, then every ten seconds. */

const EVERY = 10_000;
const SLOWEST = 160_000;
const CASE_TALLY = /^(.*)\/cases\/([^/]+)\/tally\.json$/;

/** The numbers that a tally may show, by the value of data-w4r-count-value. */
export function numbers(tally) {
  return {
    signatures: tally.actions?.petition_signature ?? 0,
    total: tally.total ?? 0,
    people: tally.people ?? 0,
  };
}

/** Written like the server writes it, in Western digits: grouped as the page's text already groups a thousand, where it
    has one (browsers and servers do not always agree on a country's custom), else as the language does. */
export function formatter(lang, text) {
  const printed = /\d([.,'\u2019\u00a0\u202f])\d{3}(?!\d)/.exec(text)?.[1];
  let format;
  try {
    format = new Intl.NumberFormat(`${lang || "en"}-u-nu-latn`, { useGrouping: "always" });
  } catch {
    format = new Intl.NumberFormat("en");
  }
  return (value) =>
    format
      .formatToParts(value)
      .map(({ type, value: piece }) => (type === "group" && printed ? printed : piece))
      .join("");
}

function show(element, tally) {
  const values = numbers(tally);
  const format = formatter(element.closest("[lang]")?.lang, element.textContent);
  for (const place of element.querySelectorAll("[data-w4r-count-value]")) {
    const text = format(values[place.dataset.w4rCountValue] ?? values.signatures);
    if (place.textContent.trim() !== text) place.textContent = text;
  }
  for (const bar of element.querySelectorAll("progress[data-w4r-progress]")) {
    if (tally.goal) bar.max = tally.goal;
    bar.value = Math.min(values.signatures, bar.max);
  }
}

/** One request for the whole edition instead of one a card, where a page shows several cases. */
function sources(elements) {
  const cases = [...elements].filter((element) => CASE_TALLY.test(element.dataset.url));
  const asked = new Map();
  for (const element of elements) {
    const match = cases.length > 1 && CASE_TALLY.exec(element.dataset.url);
    const url = match ? `${match[1]}/tally.json` : element.dataset.url;
    const slug = match ? decodeURIComponent(match[2]) : null;
    if (!asked.has(url)) asked.set(url, []);
    asked.get(url).push((tally) => {
      const own = slug === null ? tally : tally.cases?.find((item) => item.case === slug);
      if (own) show(element, own);
    });
  }
  return asked;
}

function follow(url, readers) {
  let wait = EVERY;
  let timer = 0;
  let gone = false;

  async function refresh() {
    clearTimeout(timer);
    if (gone || document.visibilityState !== "visible") return;
    try {
      const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
      gone = answer.status === 404 || answer.status === 410;
      if (!answer.ok) throw new Error(String(answer.status));
      const tally = await answer.json();
      for (const read of readers) read(tally);
      wait = EVERY;
    } catch {
      wait = Math.min(wait * 2, SLOWEST); // the printed number stands; ask less often
    }
    clearTimeout(timer);
    timer = setTimeout(refresh, wait);
  }

  document.addEventListener("visibilitychange", refresh);
  refresh();
}

export function enhance(elements) {
  for (const [url, readers] of sources(elements)) follow(url, readers);
}
