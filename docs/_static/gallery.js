// The gallery's buttons: show the cards of one kind, and keep the choice in the address so that it can be linked to.
(() => {
  const buttons = [...document.querySelectorAll(".filter button")];
  const cards = [...document.querySelectorAll(".card")];
  const sections = [...document.querySelectorAll("section section")];
  const show = (kind) => {
    for (const b of buttons) b.setAttribute("aria-pressed", String(b.dataset.kind === kind));
    for (const c of cards) c.hidden = kind !== "" && !c.classList.contains(kind);
    for (const s of sections) s.hidden = !s.querySelector(".card:not([hidden])");
  };
  for (const b of buttons) {
    b.addEventListener("click", () => {
      show(b.dataset.kind);
      history.replaceState(null, "", b.dataset.kind ? `#${b.dataset.kind}` : location.pathname);
    });
  }
  const follow = () => {
    const asked = location.hash.slice(1);
    if (buttons.some((b) => b.dataset.kind === asked)) show(asked);
  };
  addEventListener("hashchange", follow);
  follow();
})();
