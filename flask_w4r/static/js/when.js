/* Times of events stand on the event's own clock. Where the reader's clock shows another time, it is added. */

export function enhance(elements) {
  const lang = document.documentElement.lang || undefined;
  const style = { weekday: "short", hour: "numeric", minute: "2-digit" };
  for (const element of elements) {
    try {
      const moment = new Date(element.dateTime);
      // Compared in one fixed shape, whatever the language.
      const theirs = new Intl.DateTimeFormat("en", { ...style, timeZone: element.dataset.zone }).format(moment);
      if (theirs === new Intl.DateTimeFormat("en", style).format(moment)) continue;
      const note = document.createElement("span");
      note.className = "w4r-theirs";
      note.textContent = element.dataset.msg.replace("{time}", new Intl.DateTimeFormat(lang, style).format(moment));
      element.after(note);
    } catch {
      // A zone that this browser does not know: the event's own time stands.
    }
  }
}
