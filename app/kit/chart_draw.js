// A chart's layout: its head, axes and marks, from a description to SVG. Defines headOf, leftOf, widthFor, drawChart;
// for itself LABEL, swatchOf, legendName, roomFor, drawRows, columnsOf, groupsOf.
// Uses dom.js, colour.js, chart_axes.js and chart_marks.js.
const LABEL = 0.36; // of the picture's width, that the names of rows have at most

// A sample of a mark, for the legend.
function swatchOf({ kind, colour, colours, width, dash, size }) {
  const fill = colour ?? (typeof colours === "string" ? colours : colours[0]);
  const swatch = svgElement("svg", { width: kind === "line" ? 26 : 14, height: 14 });
  if (kind === "line") {
    const stroke = { stroke: fill, "stroke-width": width || 4, "stroke-dasharray": dash || undefined };
    swatch.append(svgElement("line", { x1: 0, x2: 26, y1: 7, y2: 7, ...stroke }));
    if (size) swatch.append(svgElement("circle", { cx: 13, cy: 7, r: size / 2, fill }));
  } else if (kind === "points") swatch.append(svgElement("circle", { cx: 7, cy: 7, r: 6, fill }));
  else swatch.append(svgElement("rect", { width: 14, height: 14, fill }));
  return swatch;
}

function legendName(text, swatch) {
  const name = element("span", "name");
  name.append(swatch, element("span", "", text));
  return name;
}

function headOf(chart) {
  const head = element("div", "head");
  if (chart.y.title) head.append(element("span", "axis", `${chart.y.labels.length ? "↓" : "↑"} ${chart.y.title}`));
  for (const mark of chart.marks.filter(({ name }) => name)) head.append(legendName(mark.name, swatchOf(mark)));
  for (const [name, colour] of chart.legend) head.append(legendName(name, swatchOf({ kind: "bars", colours: colour })));
  if (chart.key) {
    const { title, low, scale, high } = chart.key;
    const scaleBar = legend(low, scale, high);
    if (title) scaleBar.prepend(element("span", "axis", title));
    head.append(scaleBar);
  }
  return head;
}

// Room that words need: above the highest marks, below the lowest, and at the right, given as the largest share of
// the width that the marks may use.
function roomFor(chart) {
  const upright = chart.marks.some((mark) => mark.kind === "bars" && mark.words.length && !chart.rows);
  const above = upright || chart.marks.some((mark) => mark.side === "above");
  const below =
    upright &&
    chart.marks.some((mark) => mark.kind === "bars" && [...mark.ends].some((end, i) => end < (mark.starts?.[i] ?? 0)));
  return { above: above ? 1.4 * FONT_SIZE : 8, below: below ? 1.3 * FONT_SIZE : 0 };
}

// px that the marks of a chart have across, so that the words at their right fit into `most`.
function widthFor(chart, most) {
  const unit = scaleOf(chart.x, extentOf(chart, "x"), 0, 1);
  let width = most - 8;
  const fit = (value, wide) => {
    const share = unit.at(value);
    if (share > 0) width = Math.min(width, (most - wide - ROOM - 2) / share);
  };
  for (const mark of chart.marks) {
    if (mark.kind === "words" && mark.side === "right") {
      fit(mark.x, wordsWidth(mark));
    }
    if (mark.kind === "bars" && chart.rows)
      mark.words.forEach((text, i) => fit(Math.max(mark.ends[i], mark.starts?.[i] ?? 0), textWidth(text)));
  }
  return Math.max(80, width);
}

// Where rows begin: after the longest of the names or numbers at their left.
function leftOf(chart, width, height) {
  if (chart.y.labels.length)
    return Math.min(LABEL * width, Math.max(0, ...chart.y.labels.map((label) => textWidth(label)))) + 10;
  const y = scaleOf(chart.y, extentOf(chart, "y"), 0, height);
  return Math.max(0, ...ticksOf(chart.y, y, height / (2.6 * FONT_SIZE)).map(([, text]) => textWidth(text))) + 10;
}

// Lines and labels of the axis at the left; how many labels one stands for.
function drawRows(chart, y, frame, nodes) {
  const text = (label, top, name) =>
    svgElement("text", { x: frame.left - 8, y: top + 0.35 * FONT_SIZE, "text-anchor": "end", class: name }, label);
  if (!chart.y.labels.length) {
    for (const [value, label] of ticksOf(chart.y, y, frame.height / (2.6 * FONT_SIZE))) {
      const top = Math.round(y.at(value)) + 0.5;
      const zero = value === 0 && y.high !== 0 && y.low !== 0;
      const line = { x1: frame.left, x2: frame.left + frame.width, y1: top, y2: top, class: zero ? "zero" : "grid" };
      nodes.push(svgElement("line", line), text(label, top, "faint"));
    }
    return 1;
  }
  const sizes = chart.y.labels.map(() => FONT_SIZE);
  const { every, shown } = thinned(sizes, frame.height / sizes.length, chart.y.marked, 0, false);
  for (const place of shown) {
    const number = every > 1 && chart.y.first !== null ? `${chart.y.first + place}: ` : "";
    const label = shortened(number + chart.y.labels[place], frame.left - 10);
    nodes.push(text(label, y.at(place), place === chart.y.marked ? "row marked" : "row"));
  }
  return every;
}

// The labels below a chart, where there are any: {every, draw(x, top): nodes, high}.
function columnsOf(chart, x, frame) {
  const { labels, marked, first } = chart.x;
  if (labels.length) {
    const step = frame.width / (Math.abs(x.high - x.low) || 1);
    const planned = (texts) =>
      thinned(
        texts.map((text) => textWidth(text)),
        step,
        marked,
      );
    let cut = labels.map((label) => shortened(label, 160));
    let plan = planned(cut);
    if (plan.every > 1 && first !== null) {
      cut = cut.map((label, place) => `${first + place}: ${label}`); // else what is left reads like a text
      plan = planned(cut);
    }
    const draw = (top) =>
      plan.shown.map((place) => {
        const lower = plan.lines === 2 && place % 2 ? 1.2 * FONT_SIZE : 0;
        const at = { x: x.at(place), y: top + FONT_SIZE + lower, "text-anchor": "middle" };
        return svgElement("text", { ...at, class: place === marked ? "column marked" : "column" }, cut[place]);
      });
    return { every: plan.every, high: 1.35 * FONT_SIZE + (plan.lines - 1) * 1.2 * FONT_SIZE, draw };
  }
  let count = Math.max(2, frame.width / 70);
  const meets = (ticks) =>
    ticks.some(([value, text], i) => {
      const next = ticks[i + 1];
      return next && Math.abs(x.at(next[0]) - x.at(value)) < (textWidth(text) + textWidth(next[1])) / 2 + 12;
    });
  let ticks = ticksOf(chart.x, x, count);
  while (meets(ticks) && count > 1) {
    count *= 0.8;
    ticks = chart.x.ticks.length
      ? ticks.filter((_, i) => (ticks.length - 1 - i) % 2 === 0)
      : ticksOf(chart.x, x, count);
  }
  const draw = (top) =>
    ticks.flatMap(([value, text]) => {
      const left = Math.round(x.at(value)) + 0.5;
      const zero = value === 0 && x.low !== 0 && x.high !== 0;
      const line = { x1: left, x2: left, y1: frame.top, y2: frame.top + frame.height, class: zero ? "zero" : "grid" };
      const label = { x: left, y: top + FONT_SIZE, "text-anchor": "middle", class: "faint" };
      return [svgElement("line", line), svgElement("text", label, text)];
    });
  return { every: 1, high: 1.35 * FONT_SIZE, draw };
}

// Draw a chart into `svg`; what the mouse may find: {items, cell}.
function drawChart(chart, svg, { left, width, whole, height, last, sayEvery }) {
  const { above, below } = roomFor(chart);
  const extents = { x: extentOf(chart, "x"), y: extentOf(chart, "y") };
  const x = scaleOf(chart.x, extents.x, left, left + width);
  const frame = { left, top: above, width, height: 0 };
  const columns = last ? columnsOf(chart, x, frame) : { every: 1, high: 0, draw: () => [] };
  const titled = last && (chart.x.title || columns.every > 1);
  const foot = columns.high + (titled ? 1.45 * FONT_SIZE : 0) + 4;
  frame.height = Math.max(60, height - above - below - foot);
  if (chart.square) {
    const step = Math.min(width / chart.x.labels.length, frame.height / chart.y.labels.length);
    [frame.width, frame.height] = [step * chart.x.labels.length, step * chart.y.labels.length];
    [x.to, x.at] = [left + frame.width, scaleOf(chart.x, extents.x, left, left + frame.width).at];
  }
  const bottom = frame.top + frame.height + below;
  const y = scaleOf(chart.y, extents.y, frame.top, frame.top + frame.height);
  const nodes = [];
  const every = drawRows(chart, y, frame, nodes);
  nodes.push(...columns.draw(bottom + 4));
  const notes = [
    chart.x.title,
    columns.every > 1 ? sayEvery(columns.every) : "",
    every > 1 ? `↓ ${sayEvery(every)}` : "",
  ];
  const note = notes.filter(Boolean).join(" · ");
  if (note && last) {
    const place = { x: frame.left + frame.width / 2, y: bottom + 4 + columns.high + FONT_SIZE };
    const wide = Math.min(textWidth(note), whole);
    place.x = clamp(place.x, wide / 2, Math.max(wide / 2, whole - wide / 2));
    nodes.push(svgElement("text", { ...place, "text-anchor": "middle", class: "faint note" }, shortened(note, whole)));
  }
  const space = { x, y, chart, frame, taken: { rules: 0 } };
  const drawn = chart.marks.filter(({ kind }) => kind !== "words").map((mark) => markAsSvg(mark, space));
  nodes.push(...drawn.flatMap((each) => each.nodes), ...drawWords(chart.marks, space, whole));
  const hot = svgElement("g");
  const total = Math.ceil(bottom + foot);
  for (const [name, value] of [
    ["width", whole],
    ["height", total],
    ["viewBox", `0 0 ${whole} ${total}`],
  ])
    svg.setAttribute(name, value);
  svg.style.fontSize = `${FONT_SIZE}px`;
  svg.replaceChildren(...nodes, hot);
  const cell = drawn.find((each) => each.cell)?.cell;
  return {
    chart,
    svg,
    frame,
    hot,
    cell,
    groups: groupsOf(
      chart,
      drawn.flatMap((each) => each.items),
    ),
  };
}

// What the mouse finds at once: everything at one place, or each mark of its own.
function groupsOf(chart, items) {
  if (chart.apart) return items.map((item) => [item]);
  const along = chart.rows ? "y" : "x";
  const places = new Map();
  for (const item of items) {
    const at = Math.round(item.at ?? item[along]);
    if (!places.has(at)) places.set(at, []);
    places.get(at).push(item);
  }
  return [...places.values()].sort((a, b) => a[0][along] - b[0][along]);
}
