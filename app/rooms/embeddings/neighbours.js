// Rows of tokens with bars. Built with textContent only: a token is never markup.
// While the mouse is on a row, the map of the vocabulary marks its token: "glassformer-vocabulary", {id or null}.
const EVENT = "glassformer-vocabulary";

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { rows, labels, typical, colours } = data;
  const root = parentElement.querySelector(".root");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", labels.group);
  for (const [name, colour] of Object.entries(colours)) root.style.setProperty(`--${name}`, colour);
  root.style.setProperty("--at", `${100 * Math.max(0, Math.min(1, typical))}%`);
  const tell = (id) => document.dispatchEvent(new CustomEvent(EVENT, { detail: { id } }));

  const head = element("div", "line head");
  const scale = element("div", "scale");
  scale.append(...["0", "0.5", "1"].map((text) => element("span", "", text)));
  head.append(element("span", "number", labels.rank), element("span", "", labels.token), scale, element("span", "number", labels.measure));

  const buttons = rows.map(([id, token, measure, text], place) => {
    const button = element("button", "line row");
    button.type = "button";
    button.dataset.id = id;
    button.title = `${labels.choose.replace("{token}", () => token)} · id ${id}`;
    const track = element("div", "track");
    const bar = element("div", "bar");
    bar.style.width = `${100 * Math.max(0, Math.min(1, measure))}%`;
    track.append(bar, element("div", "typical"));
    button.append(element("span", "number", place + 1), element("span", "chip", token), track, element("span", "number", text));
    button.onclick = () => setTriggerValue("choose", id);
    button.onmouseenter = button.onfocus = () => tell(id);
    button.onmouseleave = button.onblur = () => tell(null);
    return button;
  });

  // A new run replaces the rows: whoever had the keyboard's focus keeps the same place.
  const focused = [...root.querySelectorAll(".row")].indexOf(root.getRootNode().activeElement);
  root.replaceChildren(head, ...buttons);
  if (focused >= 0 && buttons[focused]) buttons[focused].focus({ preventScroll: true });
}
