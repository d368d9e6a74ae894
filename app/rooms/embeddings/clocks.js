// A clock for each pair of entries: how far its hand has turned. Uses dom.js.
const AROUND = 2 * Math.PI;
const SIDE = 104; // px of a drawing, of which a clock is
const RADIUS = 47;
const TRACE = 26; // px from the centre to the arc that the hand has swept

const tipOf = (angle, radius) => [SIDE / 2 + radius * Math.cos(angle), SIDE / 2 - radius * Math.sin(angle)];

function face({ angle }) {
  const svg = svgElement("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, class: "clock", "aria-hidden": "true" });
  const centre = { cx: SIDE / 2, cy: SIDE / 2 };
  svg.append(svgElement("circle", { ...centre, r: RADIUS, class: "face" }));
  if (angle >= AROUND) svg.append(svgElement("circle", { ...centre, r: TRACE, class: "swept" }));
  else {
    const [x, y] = tipOf(angle, TRACE);
    const large = angle > AROUND / 2 ? 1 : 0;
    const d = `M${SIDE / 2 + TRACE} ${SIDE / 2}A${TRACE} ${TRACE} 0 ${large} 0 ${x} ${y}`;
    svg.append(svgElement("path", { d, class: "swept" }));
  }
  const [x2, y2] = tipOf(angle, RADIUS);
  svg.append(svgElement("line", { x1: SIDE / 2, y1: SIDE / 2, x2, y2, class: "hand" }));
  return svg;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  setColours(root, data.colours);
  const group = describe(element("div", "clocks"), "group", data.alt);
  group.append(
    ...data.clocks.map((clock, pair) => {
      const box = element("div", "pair");
      const label = element("span", "", `${pair}: `);
      label.append(element("b", "", clock.degrees));
      box.title = clock.words;
      box.append(face(clock), label);
      return box;
    }),
  );
  root.replaceChildren(group);
}
