/* A letter, written on the page. It is kept in this browser until whoever writes deletes it, and never leaves it:
   nothing here asks for anything. Without this, the page prints with lines to write on. */

const MM = 96 / 25.4;
/* How much of a printed page is left for text: below the address, and on each page after. */
const FIRST = 150 * MM;
const NEXT = 250 * MM;
const SURE = 5000;

const key = (number) => `w4r-letter:${location.pathname}:${number}`;

function read(number) {
  try {
    return localStorage.getItem(key(number)) ?? "";
  } catch {
    return "";
  }
}

function keep(number, text) {
  try {
    if (text) localStorage.setItem(key(number), text);
    else localStorage.removeItem(key(number));
    return true;
  } catch {
    return false; // storage is off, or full
  }
}

function words(text, language) {
  if (typeof Intl.Segmenter !== "function") return text.split(/\s+/).filter(Boolean).length;
  const segments = new Intl.Segmenter(language, { granularity: "word" }).segment(text);
  return [...segments].filter((piece) => piece.isWordLike).length;
}

function pages(text, ruler) {
  if (!text.trim()) return 0;
  ruler.textContent = text;
  const height = ruler.offsetHeight;
  ruler.textContent = "";
  return height <= FIRST ? 1 : 1 + Math.ceil((height - FIRST) / NEXT);
}

function start(paper, ruler, note) {
  const number = paper.dataset.w4rLetter;
  const slug = paper.dataset.w4rCase;
  const field = paper.querySelector(".w4r-paper__field");
  const area = field.querySelector("textarea");
  const count = field.querySelector(".w4r-paper__count");
  const said = field.querySelector("[role=status]");
  const printed = paper.querySelector(".w4r-paper__text");
  const language = area.closest("[lang]")?.lang || undefined;
  const figure = new Intl.NumberFormat(language);

  const show = () => {
    const text = area.value;
    printed.textContent = text;
    printed.hidden = !text.trim();
    count.textContent = count.dataset.w4rWords
      .replace("{words}", figure.format(words(text, language)))
      .replace("{pages}", figure.format(pages(text, ruler)));
  };

  area.value = read(number);
  area.addEventListener("input", () => {
    const kept = keep(number, area.value);
    said.textContent = kept ? said.dataset.w4rKept : said.dataset.w4rUnkept;
    show();
  });
  // Written in another tab of this browser: the newer words are shown.
  addEventListener("storage", (event) => {
    if (event.key !== key(number)) return;
    area.value = event.newValue ?? "";
    show();
  });

  const acts = {
    print() {
      note(slug, "letter");
      print();
    },
    save() {
      const head = [paper.querySelector(".w4r-paper__address"), paper.querySelector(".w4r-paper__salutation")];
      const lines = head.map((part) => part.innerText.split("\n").map((line) => line.trim()).filter(Boolean).join("\n"));
      const file = new Blob([[...lines, area.value].join("\n\n"), "\n"], { type: "text/plain;charset=utf-8" });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = `${slug}.txt`;
      link.click();
      URL.revokeObjectURL(link.href);
      note(slug, "letter");
    },
    clear(button) {
      // The first press asks, in the button itself.
      if (!button.dataset.w4rAsked) {
        button.dataset.w4rAsked = button.textContent;
        button.textContent = button.dataset.w4rSure;
        setTimeout(calm, SURE, button);
        return;
      }
      calm(button);
      area.value = "";
      keep(number, "");
      show();
      said.textContent = said.dataset.w4rCleared;
      area.focus();
    },
  };
  const calm = (button) => {
    if (button.dataset.w4rAsked) button.textContent = button.dataset.w4rAsked;
    delete button.dataset.w4rAsked;
  };
  for (const button of field.querySelectorAll("[data-w4r-act]")) {
    button.addEventListener("click", () => acts[button.dataset.w4rAct](button));
  }
  field.hidden = false;
  show();
}

export async function enhance(papers, part) {
  const { note } = await part("./ways.js");
  const ruler = document.createElement("div");
  ruler.className = "w4r-paper__measure";
  ruler.setAttribute("aria-hidden", "true");
  papers[0].closest(".w4r-letter").append(ruler);
  for (const paper of papers) start(paper, ruler, note);
  for (const link of document.querySelectorAll("[data-w4r-file]")) {
    link.addEventListener("click", () => note(papers[0].dataset.w4rCase, "letter"));
  }
}
