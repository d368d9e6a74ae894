// Token chips; the token under the mouse is marked on the whole page. Uses dom.js and events.js.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = describe(parentElement.querySelector(".root"), "group", data.label);
  const tell = (position) => data.linked && tellToken(position);
  const chips = data.tokens.map((token, position) => {
    const chip = element("button", "chip", token);
    chip.title = `${position} · id ${data.ids[position]}`;
    chip.setAttribute("aria-pressed", String(position === data.selected));
    chip.onclick = () => setTriggerValue("choose", position);
    chip.onmouseenter = chip.onfocus = () => tell(position);
    chip.onmouseleave = chip.onblur = () => tell(null);
    return chip;
  });
  replaceKeepingFocus(root, "chip", ...chips);
  const chosen = chips[data.selected];
  if (chosen && root.scrollHeight > root.clientHeight) {
    root.scrollTop = chosen.offsetTop - root.offsetTop - root.clientHeight / 2;
  }
  if (!data.linked) return undefined;
  return onToken((marked) => chips.forEach((chip, i) => chip.classList.toggle("marked", i === marked)));
}
