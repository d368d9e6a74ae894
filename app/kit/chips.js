// Token chips; the token under the mouse is marked on the whole page. One of them is a stop of the Tab key, the arrow
// keys lead to the others. Uses dom.js and events.js.
const rowsShown = () => (isProjected() ? 1 : 2); // of chips; longer prompts scroll: the picture keeps the screen

export default function ({ data, parentElement, setTriggerValue }) {
  const { words, selected } = data;
  const root = parentElement.querySelector(".root");
  const tell = (position) => data.linked && tellToken(position);
  const chips = data.tokens.map((token, position) => {
    const chip = element("button", "chip", token);
    chip.title = `${position} · id ${data.ids[position]}`;
    if (data.parts.includes(position)) chip.title += `\n${words.bytes}`;
    if (position < data.added) {
      chip.title += `\n${words.added}`;
      chip.classList.add("added");
    }
    chip.setAttribute("aria-pressed", String(position === selected));
    chip.tabIndex = position === Math.max(0, selected) ? 0 : -1;
    chip.onclick = () => setTriggerValue("choose", position);
    chip.onmouseenter = chip.onfocus = () => tell(position);
    chip.onmouseleave = chip.onblur = () => tell(null);
    return chip;
  });
  const box = describe(element("div", "chips"), "group", data.label);
  const where = element("div", "where");
  const scrolled = root.querySelector(".chips")?.scrollTop;
  replaceKeepingFocus(box, "chip", ...chips);
  const focused = [...root.querySelectorAll(".chip")].indexOf(root.getRootNode().activeElement);
  root.replaceChildren(box, where);
  chips[focused]?.focus({ preventScroll: true });

  box.onkeydown = (event) => {
    const at = chips.indexOf(root.getRootNode().activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: chips.length - 1 }[event.key];
    if (to === undefined || !chips[to]) return;
    event.preventDefault();
    chips[at].tabIndex = -1;
    chips[to].tabIndex = 0;
    chips[to].focus();
  };

  // Whole rows, and in words which tokens stand in them.
  const showWindow = () => {
    const step = chips[0].getBoundingClientRect().height + 4; // with the gap of chips.css
    box.style.maxHeight = `${rowsShown() * step}px`;
    where.hidden = !words.window || box.scrollHeight <= box.clientHeight + 1;
    if (where.hidden) return;
    const top = box.getBoundingClientRect();
    const shown = [...chips.keys()].filter((i) => {
      const place = chips[i].getBoundingClientRect();
      return place.top >= top.top - 2 && place.bottom <= top.bottom + 2;
    });
    const ends = { first: shown.at(0) ?? 0, last: shown.at(-1) ?? 0, count: chips.length };
    where.textContent = fillIn(words.window, ends);
  };
  let followed = false;
  const follow = () => {
    showWindow();
    if (followed || !box.clientHeight) return;
    followed = true;
    const chosen = chips[selected];
    if (root.dataset.selected === String(selected) && scrolled !== undefined) box.scrollTop = scrolled;
    else if (chosen) box.scrollTop = chosen.offsetTop - chosen.offsetHeight - 4; // the row before it stays in sight
    root.dataset.selected = selected;
    showWindow();
  };
  box.onscroll = showWindow;
  const stops = [onResize(box, follow)];
  if (data.linked) stops.push(onToken((marked) => chips.forEach((chip, i) => chip.classList.toggle("marked", i === marked))));
  return () => stops.forEach((stop) => stop());
}
