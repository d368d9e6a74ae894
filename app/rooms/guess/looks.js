// Tokens as dark as a head's weight on them. Uses dom.js, colour.js and events.js.
const WRITTEN = 0.05; // from this weight on it is written below its token

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const table = colourTable(data.scale);
  const cells = data.cells.map(({ token, weight, shown }, position) => {
    const cell = element("span", "cell");
    const word = element("span", "token", token);
    const colour = colourIn(table, weight);
    word.style.background = css(colour);
    word.style.color = inkOn(colour);
    cell.append(word, element("span", "weight", weight >= WRITTEN ? shown : ""));
    cell.title = `${token}: ${shown}`;
    cell.onmouseenter = () => tellToken(position);
    cell.onmouseleave = () => tellToken(null);
    return cell;
  });
  const text = describe(element("div", "text"), "img", data.label);
  text.append(...cells);
  root.replaceChildren(text);
  return onToken((marked) => cells.forEach((cell, position) => cell.classList.toggle("marked", position === marked)));
}
