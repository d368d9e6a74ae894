// A line from 0 to 1 on which every candidate is as wide as it is probable. Uses dom.js.
const NAMED = 0.045; // of the line: a narrower piece has no room for its name

export default function ({ data, parentElement }) {
  const { pieces, number, labels, colours } = data;
  const root = parentElement.querySelector(".root");
  setColours(root, colours);
  const readout = readoutLine(labels.fell);
  const line = describe(element("div", "line"), "img", labels.group);
  pieces.forEach((piece, place) => {
    const part = element("span", "piece", piece.high - piece.low >= NAMED ? piece.label : "");
    part.style.left = `${100 * piece.low}%`;
    part.style.width = `${100 * (piece.high - piece.low)}%`;
    part.classList.toggle("hit", piece.hit);
    part.classList.toggle("many", piece.many);
    part.classList.toggle("odd", place % 2 === 1);
    part.onmouseenter = () => (readout.textContent = piece.text);
    part.onmouseleave = () => (readout.textContent = labels.fell);
    line.append(part);
  });
  const hand = element("span", "hand");
  hand.style.left = `${100 * number}%`;
  line.append(hand);
  const scale = element("div", "scale");
  scale.append(...["0", "0.25", "0.5", "0.75", "1"].map((text) => element("span", "", text)));
  root.replaceChildren(readout, line, scale);
}
