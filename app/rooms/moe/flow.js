// Tokens on the left, experts on the right, a ribbon for each choice as wide as its weight.
// Uses dom.js, colour.js, arrays.js, events.js and numbers.js.
const SVG = "http://www.w3.org/2000/svg";
const MANY = 48; // tokens

function shape(tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

const label = (x, y, text) => shape("text", { x, y, class: "name", "dominant-baseline": "middle" }, text);

// Which of `places` can be named with lines `apart` px from each other; the first in `order` have the choice.
function nameable(places, order, apart) {
  const named = new Set();
  const free = (i) => [...named].every((other) => Math.abs(places[other] - places[i]) >= apart);
  for (const i of order) if (free(i)) named.add(i);
  return named;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const [LEFT, RIGHT] = [150, 190].map(px); // for names
  const RIBBONS = px(220); // least width between; the picture scrolls rather than lose it
  const LINE = px(18); // from name to name
  const { tokens, labels, colours, experts: E } = data;
  const height = tallPicture(data.height);
  const root = parentElement.querySelector(".root");
  const weights = float32(data.weights); // (T, E)
  const T = tokens.length;
  const readout = readoutLine(labels.point);
  const box = element("div", "flow");
  root.replaceChildren(readout, box);

  const links = [];
  weights.forEach((weight, i) => {
    if (weight > 0) links.push({ t: Math.floor(i / E), e: i % E, weight });
  });
  const total = links.reduce((sum, link) => sum + link.weight, 0);
  let resting = labels.point; // what the readout says where nothing is pointed at
  const right = E + (data.shared ? 1 : 0);

  function draw(marked) {
    if (!root.clientWidth) return;
    const width = Math.max(root.clientWidth, LEFT + RIBBONS + RIGHT);
    const svg = shape("svg", { width, height, role: "img", "aria-label": labels.group });
    const sums = { t: new Float64Array(T), e: new Float64Array(E) };
    links.forEach(({ t, e, weight }) => {
      sums.t[t] += weight;
      sums.e[e] += weight;
    });
    const bar = data.shared ? 26 : 0;
    const least = Math.min(20, (0.4 * height) / right); // px: room for an expert's name, even where nothing reaches it
    const gap = Math.min(10, (0.3 * height) / right);
    const room = height - bar - gap * right;
    const size = (value, scale) => Math.max(least, value * scale);
    // One scale on both sides: what leaves the tokens is what reaches the experts. The largest that fits:
    let [low, scale] = [0, Math.min(room, 0.85 * height) / total];
    const fits = (tried) => sums.e.reduce((sum, value) => sum + size(value, tried), 0) <= room;
    if (!fits(scale)) {
      for (let high = scale, step = 0; step < 30; step++) {
        scale = (low + high) / 2;
        if (fits(scale)) low = scale;
        else high = scale;
      }
      scale = low;
    }
    const apart = (height - total * scale) / T;
    const tops = { t: [], e: [] };
    let top = apart / 2;
    for (const value of sums.t) {
      tops.t.push(top);
      top += value * scale + apart;
    }
    const spare = (room - sums.e.reduce((sum, value) => sum + size(value, scale), 0)) / E;
    let y = spare / 2;
    for (const value of sums.e) {
      tops.e.push(y + (size(value, scale) - value * scale) / 2);
      y += size(value, scale) + gap + spare;
    }
    const edges = { t: [...tops.t], e: [...tops.e] }; // where the next ribbon begins
    const [x1, x2] = [LEFT, width - RIGHT];
    const middle = (x1 + x2) / 2;
    const focus = marked ?? null;
    for (const { t, e, weight } of links) {
      const thick = weight * scale;
      const [a, b] = [edges.t[t], edges.e[e]];
      edges.t[t] += thick;
      edges.e[e] += thick;
      const path = shape("path", {
        d:
          `M${x1},${a}C${middle},${a} ${middle},${b} ${x2},${b}` +
          `L${x2},${b + thick}C${middle},${b + thick} ${middle},${a + thick} ${x1},${a + thick}Z`,
        fill: inTurn(colours.experts, e),
        class: "ribbon",
        "data-token": t,
        "data-expert": e,
        opacity: focus === null ? (t === data.selected ? 0.95 : 0.5) : t === focus ? 0.95 : 0.12,
      });
      path.onmouseenter = () => {
        readout.textContent = fillIn(labels.cell, { token: tokens[t], expert: e, weight: weight.toFixed(4) });
      };
      path.onclick = () => setTriggerValue("choose", t);
      svg.append(path);
    }
    const foot = height - bar / 2;
    if (data.shared) {
      for (let t = 0; t < T; t++) {
        const from = tops.t[t] + (sums.t[t] * scale) / 2;
        const strong = t === (focus ?? data.selected);
        if (T > MANY && !strong) continue; // the ribbons are what to look at
        const path = shape("path", {
          d: `M${x1},${from}C${middle},${from} ${middle},${foot} ${x2},${foot}`,
          class: "always",
          stroke: colours.faint,
          "stroke-width": strong ? 2.5 : 1,
          "stroke-dasharray": "5 5",
          fill: "none",
          opacity: strong ? 1 : Math.min(0.45, 6 / T),
        });
        svg.append(path);
      }
      svg.append(shape("rect", { x: x2, y: height - bar, width: 12, height: bar, fill: colours.faint }));
      svg.append(label(x2 + 18, foot, labels.shared));
    }
    const middlesOf = (side) => tops[side].map((start, i) => start + (sums[side][i] * scale) / 2);
    const middles = { t: middlesOf("t"), e: middlesOf("e") };
    const named = {
      t: nameable(middles.t, [marked ?? data.selected, data.selected, ...tokens.keys()], LINE),
      e: nameable(middles.e, [...middles.e.keys()].sort((a, b) => sums.e[b] - sums.e[a]), LINE),
    };
    const all = named.t.size === T;
    resting = all ? labels.point : `${labels.point} ${fillIn(labels.named, { shown: named.t.size, count: T })}`;
    readout.textContent = resting;
    tokens.forEach((token, t) => {
      const chosen = t === data.selected;
      const box = { x: x1 - 10, y: tops.t[t], width: 10, height: Math.max(1, sums.t[t] * scale) };
      svg.append(shape("rect", { ...box, fill: chosen ? colours.own : colours.residual }));
      if (!named.t.has(t)) return;
      const short = [...token].length > 14 ? `${[...token].slice(0, 13).join("")}…` : token;
      const name = label(x1 - 16, middles.t[t], all ? short : `${t} ${short}`);
      name.setAttribute("text-anchor", "end");
      name.classList.toggle("chosen", chosen);
      name.onclick = () => setTriggerValue("choose", t);
      svg.append(name);
    });
    for (let e = 0; e < E; e++) {
      const tall = sums.e[e] * scale;
      const box = { x: x2, y: tops.e[e], width: 12, height: Math.max(1, tall) };
      svg.append(shape("rect", { ...box, fill: inTurn(colours.experts, e) }));
      if (!named.e.has(e)) continue;
      const words = `${fillIn(labels.expert, { expert: e })} · ${percent(sums.e[e] / total)}`;
      svg.append(label(x2 + 18, middles.e[e], words));
    }
    svg.onmouseleave = () => (readout.textContent = resting);
    box.replaceChildren(svg);
  }
  return drawWithToken(root, draw);
}
