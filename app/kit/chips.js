// Token chips. Every picture of a page marks the same token: they tell each other with the
// document's event "glassformer-token", whose detail is {position: index or null}.
const EVENT = "glassformer-token";

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", data.label);

  const tell = (position) => data.linked && document.dispatchEvent(new CustomEvent(EVENT, { detail: { position } }));
  const chips = data.tokens.map((token, position) => {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "chip";
    chip.textContent = token;
    chip.title = `${position} · id ${data.ids[position]}`;
    chip.setAttribute("aria-pressed", String(position === data.selected));
    chip.onclick = () => setTriggerValue("choose", position);
    chip.onmouseenter = chip.onfocus = () => tell(position);
    chip.onmouseleave = chip.onblur = () => tell(null);
    return chip;
  });

  // A new run replaces the buttons: whoever had the keyboard's focus keeps it.
  const focused = [...root.children].indexOf(root.getRootNode().activeElement);
  root.replaceChildren(...chips);
  if (focused >= 0 && chips[focused]) chips[focused].focus({ preventScroll: true });
  const chosen = chips[data.selected];
  if (chosen && root.scrollHeight > root.clientHeight) root.scrollTop = chosen.offsetTop - root.offsetTop - root.clientHeight / 2;

  const mark = (event) => chips.forEach((chip, i) => chip.classList.toggle("marked", i === event.detail.position));
  if (data.linked) document.addEventListener(EVENT, mark);
  return () => document.removeEventListener(EVENT, mark);
}
