/* The entry: looks at what is on the page and loads only the parts that it needs.
   Every page works without any of this. */

// The version in our own address (?v=...) is handed on, so that all parts come from one release.
const version = new URL(import.meta.url).search;
const part = (name) => import(new URL(name + version, import.meta.url));

const PARTS = [
  ["form[data-w4r-sign]", "./sign.js"],
  ["[data-w4r-count][data-url]", "./tally/count.js"],
  ["[data-w4r-share]", "./share.js"],
  ["[data-w4r-shared]", "./shared.js"],
  ["[data-w4r-came-by]", "./came_by.js"],
  ["[data-w4r-copy], [data-w4r-copy-from]", "./copy.js"],
  ["[data-w4r-left]", "./left.js"],
  ["[data-w4r-when]", "./when.js"],
  ["[data-w4r-ways], [data-w4r-did]", "./ways.js"],
  ["[data-w4r-typed]", "./typed.js"],
  ["[data-w4r-letter]", "./letters.js"],
  ["[data-w4r-map]", "./events/map.js"],
  ["[data-w4r-near-me]", "./events/near.js"],
  ["[data-w4r-menu]", "./moderation/menu.js"],
];

for (const [selector, name] of PARTS) {
  const elements = document.querySelectorAll(selector);
  if (elements.length > 0) {
    part(name).then(
      (module) => module.enhance(elements, part),
      () => {}, // a part that does not load leaves the plain page, which works
    );
  }
}

// A form that came back: start reading at what is to be mended.
document.querySelector("[data-w4r-errors]")?.focus();
