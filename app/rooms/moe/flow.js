// Tokens on the left, experts on the right, a ribbon for each choice as wide as its weight.
const SVG = "http://www.w3.org/2000/svg";
const LEFT = 150;
const RIGHT = 190;
const LINE = 18; // px from name to name
const MANY = 48; // tokens

function shape(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { tokens, labels, colours, experts: E } = data;
  const height = roomy(data.height);
  const root = parentElement.querySelector(".root");
  const weights = floats(data.weights);
  const T = tokens.length;
  const readout = element("div", "readout", labels.point);
  readout.setAttribute("role", "status");
  const box = element("div", "flow");
  root.replaceChildren(readout, box);

  const links = [];
  for (let t = 0; t < T; t++) for (let e = 0; e < E; e++) if (weights[t * E + e] > 0) links.push({ t, e, weight: weights[t * E + e] });
  const total = links.reduce((sum, link) => sum + link.weight, 0);
  const right = E + (data.shared ? 1 : 0);

  function draw(marked) {
    const width = root.clientWidth;
    if (!width) return;
    const svg = shape("svg", { width, height, role: "img", "aria-label": labels.group });
    const sums = { t: new Float64Array(T), e: new Float64Array(E) };
    links.forEach(({ t, e, weight }) => {
      sums.t[t] += weight;
      sums.e[e] += weight;
    });
    const bar = data.shared ? 26 : 0;
    const least = Math.min(20, (0.4 * height) / right); // px: each expert keeps room for its name, even where nothing reaches it
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
    sums.t.reduce((y, value) => (tops.t.push(y), y + value * scale + apart), apart / 2);
    const spare = (room - sums.e.reduce((sum, value) => sum + size(value, scale), 0)) / E;
    sums.e.reduce((y, value) => (tops.e.push(y + (size(value, scale) - value * scale) / 2), y + size(value, scale) + gap + spare), spare / 2);
    const filledTo = { t: [...tops.t], e: [...tops.e] };
    const [x1, x2] = [LEFT, width - RIGHT];
    const middle = (x1 + x2) / 2;
    const focus = marked ?? null;
    for (const { t, e, weight } of links) {
      const thick = weight * scale;
      const [a, b] = [filledTo.t[t], filledTo.e[e]];
      filledTo.t[t] += thick;
      filledTo.e[e] += thick;
      const path = shape("path", {
        d: `M${x1},${a}C${middle},${a} ${middle},${b} ${x2},${b}L${x2},${b + thick}C${middle},${b + thick} ${middle},${a + thick} ${x1},${a + thick}Z`,
        fill: colours.experts[e % colours.experts.length],
        class: "ribbon",
        "data-token": t,
        "data-expert": e,
        opacity: focus === null ? (t === data.selected ? 0.95 : 0.5) : t === focus ? 0.95 : 0.12,
      });
      path.onmouseenter = () => (readout.textContent = filled(labels.cell, { token: tokens[t], expert: e, weight: weight.toFixed(4) }));
      path.onclick = () => setTriggerValue("choose", t);
      svg.append(path);
    }
    const y = height - bar / 2;
    if (data.shared) {
      for (let t = 0; t < T; t++) {
        const from = tops.t[t] + (sums.t[t] * scale) / 2;
        const strong = t === (focus ?? data.selected);
        if (T > MANY && !strong) continue; // the ribbons are what to look at
        svg.append(shape("path", { d: `M${x1},${from}C${middle},${from} ${middle},${y} ${x2},${y}`, class: "always", stroke: colours.faint, "stroke-width": strong ? 2.5 : 1, "stroke-dasharray": "5 5", fill: "none", opacity: strong ? 1 : Math.min(0.45, 6 / T) }));
      }
      svg.append(shape("rect", { x: x2, y: height - bar, width: 12, height: bar, fill: colours.faint }), shape("text", { x: x2 + 18, y, class: "name", "dominant-baseline": "middle" }, labels.shared));
    }
    const middles = { t: tops.t.map((top, t) => top + (sums.t[t] * scale) / 2), e: tops.e.map((top, e) => top + (sums.e[e] * scale) / 2) };
    const named = {
      t: nameable(middles.t, [marked ?? data.selected, data.selected, ...tokens.keys()], LINE),
      e: nameable(middles.e, [...middles.e.keys()].sort((a, b) => sums.e[b] - sums.e[a]), LINE),
    };
    tokens.forEach((token, t) => {
      const [top, tall] = [tops.t[t], Math.max(1, sums.t[t] * scale)];
      svg.append(shape("rect", { x: x1 - 10, y: top, width: 10, height: tall, fill: t === data.selected ? colours.own : colours.residual }));
      if (!named.t.has(t)) return;
      const short = [...token].length > 14 ? `${[...token].slice(0, 13).join("")}…` : token;
      const name = shape("text", { x: x1 - 16, y: middles.t[t], class: t === data.selected ? "name chosen" : "name", "text-anchor": "end", "dominant-baseline": "middle" }, short);
      name.onclick = () => setTriggerValue("choose", t);
      svg.append(name);
    });
    for (let e = 0; e < E; e++) {
      const tall = sums.e[e] * scale;
      svg.append(shape("rect", { x: x2, y: tops.e[e], width: 12, height: Math.max(1, tall), fill: colours.experts[e % colours.experts.length] }));
      if (!named.e.has(e)) continue;
      svg.append(shape("text", { x: x2 + 18, y: middles.e[e], class: "name", "dominant-baseline": "middle" }, `${filled(labels.expert, { expert: e })} · ${percent(sums.e[e] / total)}`));
    }
    svg.onmouseleave = () => (readout.textContent = labels.point);
    box.replaceChildren(svg);
  }
  return lively(root, draw);
}
