// Tokens coloured by their surprise, in bits. Uses dom.js, colour.js and events.js.
export default function ({ data, parentElement, setTriggerValue }) {
  const { cells, labels, most, selected } = data;
  const root = parentElement.querySelector(".root");
  setColours(root, data.colours);
  describe(root, "group", labels.group);
  const table = colourTable(data.scale);
  const readout = readoutLine(labels.point);
  const top = element("div", "top");
  top.append(readout, legend(labels.low, data.scale, labels.high));
  const text = element("div", "text");
  const buttons = cells.map((cell, position) => {
    const button = element("button", "cell");
    const token = element("span", "token", cell.token);
    if (cell.bits !== null) {
      const colour = colourIn(table, cell.bits / most);
      token.style.background = css(colour);
      token.style.color = inkOn(colour);
    }
    button.append(element("span", "small", position), token, element("span", "small bits", cell.shown), element("span", "small", cell.rank));
    button.classList.toggle("selected", position === selected);
    button.setAttribute("aria-label", cell.tip);
    button.onclick = () => setTriggerValue("choose", position);
    button.onmouseenter = button.onfocus = () => {
      readout.textContent = cell.tip;
      tellToken(position);
    };
    button.onmouseleave = button.onblur = () => {
      readout.textContent = labels.point;
      tellToken(null);
    };
    return button;
  });
  text.append(...buttons);
  const scrolled = root.querySelector(".text")?.scrollTop;
  replaceKeepingFocus(root, "cell", top, text);
  // A long prompt scrolls inside its own box, to the chosen token.
  text.scrollTop = scrolled ?? Math.max(0, buttons[selected].offsetTop - text.clientHeight / 2);
  return onToken((marked) => buttons.forEach((button, position) => button.classList.toggle("marked", position === marked)));
}
