/* Somebody came by a link that names its source: that is counted once, without a cookie or a number of theirs, and said again
   when a form of this page is sent. Then it leaves the address, so that neither a reload nor a link that is passed on from here
   counts for where this visitor came from. */

export function enhance([element]) {
  const here = new URL(location.href);
  const source = here.searchParams.get("src");
  const number = here.searchParams.get("v");
  if (source === null) return;
  here.searchParams.delete("src");
  here.searchParams.delete("v");
  history.replaceState(history.state, "", here);
  if (!element.dataset.w4rCameBy.split(" ").includes(source)) return;
  const via = number ? `${source}:${number}` : source;
  for (const field of document.querySelectorAll('form[data-w4r-sign] input[name="via"]')) field.value = via;
  fetch(element.dataset.url, {
    method: "POST",
    body: new URLSearchParams({ via }),
    credentials: "omit",
    keepalive: true,
  }).catch(() => {}); // not counted, then
}
