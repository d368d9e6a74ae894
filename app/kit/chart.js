// Charts one below the other, and the numbers of what is under the mouse or reached by the arrow keys. Uses dom.js,
// events.js, chart_axes.js, chart_marks.js and chart_draw.js.
const REACH = 40; // px around the mouse within which it finds a mark
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// The number of the group nearest to a point of a chart, or null.
function nearest(drawn, left, top) {
  const { chart, frame, groups, cell } = drawn;
  const inside = left >= frame.left - REACH && left <= frame.left + frame.width + REACH;
  if (!inside || top < -8 || top > frame.top + frame.height + REACH) return null;
  if (cell) {
    const [R, C] = [chart.y.labels.length, chart.x.labels.length];
    const row = Math.floor(((top - frame.top) / frame.height) * R);
    const column = Math.floor(((left - frame.left) / frame.width) * C);
    return row < 0 || row >= R || column < 0 || column >= C ? null : row * C + column;
  }
  const away = chart.apart
    ? ([item]) =>
        Math.hypot(Math.max(0, Math.abs(left - item.x) - item.wide), Math.max(0, Math.abs(top - item.y) - item.high))
    : ([item]) => Math.abs((chart.rows ? top : left) - (item.at ?? (chart.rows ? item.y : item.x)));
  let best = null;
  let least = chart.apart ? REACH : Infinity;
  groups.forEach((group, i) => {
    const distance = away(group);
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}

// The box around what a group's items show, in px of their chart.
function boxOf(items) {
  const ends = (low, high) => [Math.min(...items.map(low)), Math.max(...items.map(high))];
  const [left, right] = ends(
    (item) => item.x - item.wide,
    (item) => item.x + item.wide,
  );
  const [top, bottom] = ends(
    (item) => item.y - item.high,
    (item) => item.y + item.high,
  );
  return { left, right, top, bottom };
}

// Beside what it explains, never on it, and within the picture.
function placeTip(tip, drawn, items, whole) {
  const { chart, frame } = drawn;
  const [wide, high] = [tip.offsetWidth, tip.offsetHeight];
  const box = boxOf(items);
  const across = clamp((box.left + box.right - wide) / 2, 0, Math.max(0, whole.wide - wide));
  const beside = clamp(box.top - 8, 0, Math.max(0, frame.top + frame.height - high));
  const row = chart.rows ? frame.left + 12 : across;
  const places = {
    above: [row, box.top - high - 10],
    below: [row, box.bottom + 10],
    right: [box.right + 12, beside],
    left: [box.left - wide - 12, beside],
  };
  const fits = ([left, top]) =>
    left >= 0 && left + wide <= whole.wide && top + whole.top >= -high && top + high <= frame.top + frame.height + 60;
  const order = chart.rows
    ? ["below", "above"]
    : chart.apart
      ? ["above", "below", "right", "left"]
      : ["right", "left", "above", "below"];
  const [left, top] = places[order.find((side) => fits(places[side])) ?? order[0]];
  tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top + whole.top)}px)`;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  setColours(root, data.colours);
  measureIn(root);
  const charts = data.charts.map((chart) => ({ ...chart, height: px(chart.height), marks: chart.marks.map(unpacked) }));
  const box = element("div", "figure");
  box.tabIndex = 0;
  describe(box, "figure", data.alt);
  const tip = element("div", "tip away");
  tip.setAttribute("role", "status");
  const parts = charts.map((chart) => {
    const svg = svgElement("svg", { class: "plot", "aria-hidden": "true" });
    const head = headOf(chart);
    box.append(head, svg);
    return { chart, head, svg };
  });
  box.append(tip);
  replaceKeepingFocus(root, "figure", box);

  let drawn = [];
  let at = null; // [which chart, which group] is told of
  const draw = () => {
    const whole = box.clientWidth;
    if (!whole) return;
    const room = parts.map(({ chart, head }) => chart.height - (head.childElementCount ? head.offsetHeight : 0));
    const left = Math.max(...charts.map((chart, i) => leftOf(chart, whole, room[i])));
    const width = Math.min(...charts.map((chart) => widthFor(chart, whole - left)));
    const sayEvery = (every) => fillIn(data.every, { every });
    drawn = parts.map(({ chart, svg }, i) =>
      drawChart(chart, svg, { left, width, whole, height: room[i], last: i === parts.length - 1, sayEvery }),
    );
    tell(null);
  };
  const tell = (place) => {
    at = place;
    drawn.forEach(({ hot }) => hot.replaceChildren());
    const part = place && drawn[place[0]];
    const items = part ? (part.cell ? [part.cell(place[1])].filter(Boolean) : part.groups[place[1]]) : [];
    tip.classList.toggle("away", !items.length);
    if (!items.length) return;
    const lines = items.map(({ text, colour }) => {
      const line = element("span", "said");
      const dot = element("i", "dot");
      dot.style.background = colour;
      line.append(dot, element("span", "", text));
      return line;
    });
    const heading = items.find((item) => item.heading)?.heading;
    tip.replaceChildren(...(heading ? [element("b", "", heading)] : []), ...lines);
    for (const { x, y, wide, high } of items) {
      const round = part.chart.marks.some(({ kind }) => kind === "line" || kind === "points")
        ? Math.min(wide, high)
        : 0;
      const rect = { x: x - wide, y: y - high, width: 2 * wide, height: 2 * high, rx: round || undefined };
      part.hot.append(svgElement("rect", { ...rect, class: "hot" }));
    }
    const area = box.getBoundingClientRect();
    placeTip(tip, part, items, { wide: area.width, top: part.svg.getBoundingClientRect().top - area.top });
  };
  box.onpointermove = box.onpointerdown = (event) => {
    for (const [i, part] of drawn.entries()) {
      const area = part.svg.getBoundingClientRect();
      if (event.clientY < area.top || event.clientY >= area.bottom) continue;
      const found = nearest(part, event.clientX - area.left, event.clientY - area.top);
      if (found === null) tell(null);
      else if (at?.[0] !== i || at[1] !== found) tell([i, found]);
      return;
    }
    tell(null);
  };
  box.onpointerleave = box.onblur = () => tell(null);
  box.onkeydown = (event) => {
    if (event.key === "Escape") return void tell(null);
    const move = MOVES[event.key];
    if (!move || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const [i, group] = at ?? [0, null];
    const { chart, groups, cell } = drawn[i];
    const across = cell ? chart.x.labels.length : 1;
    const count = cell ? across * chart.y.labels.length : groups.length;
    const next = group === null ? (move[0] + move[1] > 0 ? 0 : count - 1) : group + move[0] + move[1] * across;
    const other = next < 0 ? i - 1 : next >= count ? i + 1 : i; // on into the chart above or below
    if (!drawn[other]) return;
    if (other === i) tell([i, next]);
    else tell([other, other > i ? 0 : drawn[other].groups.length - 1]);
  };
  document.fonts.ready.then(draw);
  return onResize(root, draw);
}
