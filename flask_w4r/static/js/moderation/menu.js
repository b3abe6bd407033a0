/* The desk's menus close when one turns to something else; a browser alone leaves them open. */

export function enhance(menus) {
  const close = (kept) => {
    for (const menu of menus) if (menu !== kept) menu.open = false;
  };
  document.addEventListener("click", (event) => close(event.target.closest("[data-w4r-menu]")));
  document.addEventListener("keydown", (event) => {
    const open = [...menus].find((menu) => menu.open);
    if (event.key !== "Escape" || !open) return;
    open.querySelector("summary").focus();
    close();
  });
}
