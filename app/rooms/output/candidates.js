// Rows of candidates. Built with textContent only: a token is never markup.
function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function bar(share, colour) {
  const made = element("div", "bar");
  made.style.width = `${100 * share}%`;
  made.style.background = colour;
  made.style.visibility = share > 0 ? "visible" : "hidden";
  return made;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { rows, labels, adjusted, colours } = data;
  const root = parentElement.querySelector(".root");
  root.classList.toggle("adjusted", adjusted);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", labels.group);
  for (const [name, colour] of Object.entries(colours)) root.style.setProperty(`--${name}`, colour);

  const head = element("div", "line head");
  const scale = element("div", "scale");
  scale.append(...["0 %", "50 %", "100 %"].map((text) => element("span", "", text)));
  head.append(element("span", "number", labels.rank), element("span", "", labels.token), scale, element("span", "number own", labels.own));
  if (adjusted) head.append(element("span", "number drawn", labels.drawn));

  const buttons = rows.map((row) => {
    const button = element("button", "line row");
    button.type = "button";
    button.classList.toggle("real", row.real);
    button.classList.toggle("gap", row.gap);
    button.dataset.id = row.id;
    button.title = labels.append.replace("{token}", () => row.token) + (row.real ? `\n${labels.real}` : "");
    const track = element("div", "track");
    track.append(bar(row.own, colours.own));
    if (adjusted) track.append(bar(row.drawn, colours.drawn));
    button.append(element("span", "number rank", row.rank), element("span", "chip", row.token), track, element("span", "number", row.own_text));
    if (adjusted) button.append(element("span", "number", row.drawn_text));
    button.onclick = () => setTriggerValue("choose", row.id);
    return button;
  });

  // A new run replaces the rows: whoever had the keyboard's focus keeps the same place.
  const focused = [...root.querySelectorAll(".row")].indexOf(root.getRootNode().activeElement);
  root.replaceChildren(head, ...buttons);
  if (focused >= 0 && buttons[focused]) buttons[focused].focus({ preventScroll: true });
}
