/* How many characters are left in a field, counted as the server counts them: by code points, however many units each takes.
   Without this the field's own limit holds, which counts some signs twice. */

const SAY_AFTER = 400; // so that a screen reader is told once somebody pauses

function count(text) {
  return [...text.trim()].length;
}

function watch(line) {
  const { w4rLeft, most, msgLeft, msgOver } = line.dataset;
  const field = document.getElementById(w4rLeft);
  if (!field) return;
  // What is pasted is not cut in silence; what is too much is said.
  field.maxLength = 4 * most;
  line.hidden = false;
  let timer;
  const say = () => {
    const left = most - count(field.value);
    const number = Math.abs(left).toLocaleString(document.documentElement.lang);
    line.textContent = `${left < 0 ? msgOver : msgLeft} ${number}`;
    line.classList.toggle("w4r-left--over", left < 0);
  };
  say();
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(say, SAY_AFTER);
  });
}

export function enhance(lines) {
  for (const line of lines) watch(line);
}
