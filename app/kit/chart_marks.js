// The marks of a chart as SVG, and what the mouse finds on them: items {x, y, wide, high, colour, text, heading}.
// Defines ROOM, unpacked, extentOf, markAsSvg, wordsWidth, drawWords; for itself ARRAYS, SPACE, GAP, placesOf, known, each, said, lineMark,
// pointsMark, barsMark, ruleMark, cellsMark, MARKS. Uses dom.js, arrays.js, colour.js and chart_axes.js.

const ARRAYS = ["x", "y", "at", "ends", "starts", "low", "high", "values"];
const ROOM = 8; // px between a bar or point and its words
const SPACE = "\u2002"; // before what is bold in words
const GAP = 14; // px of a cell from which on cells stand apart

// A mark with its packed arrays as numbers.
function unpacked(mark) {
  const arrays = ARRAYS.filter((name) => typeof mark[name] === "string").map((name) => [name, float32(mark[name])]);
  return { ...mark, ...Object.fromEntries(arrays) };
}

const known = (axis) => (value) => Number.isFinite(value) && (!axis.log || value > 0);
const each = (colours, i) => (typeof colours === "string" ? colours : colours[i]);

// The numbers of a mark along "x" or "y" that have to find room.
function placesOf(mark, along, rows) {
  if (mark.kind === "line" || mark.kind === "points") {
    return [...mark[along], ...(along === "y" ? [...(mark.low ?? []), ...(mark.high ?? [])] : [])];
  }
  if (mark.kind === "bars") {
    if ((along === "y") === rows) return [...mark.at].flatMap((place) => [place - 0.5, place + 0.5]);
    return [...mark.ends, ...(mark.starts ?? [0])];
  }
  return mark.kind === "rule" && along === "x" ? [mark.at] : [];
}

// The ends of a chart's axis: as they are said, else as its marks need them, with a little room around points.
function extentOf(chart, along) {
  const axis = chart[along];
  const turned = along === "y" && !axis.labels.length; // numbers grow upwards, places are counted from the top
  const ends = (low, high) => (turned ? [high, low] : [low, high]);
  if (axis.labels.length) return ends(axis.low ?? -0.5, axis.high ?? axis.labels.length - 0.5);
  const values = chart.marks.flatMap((mark) => placesOf(mark, along, chart.rows)).filter(known(axis));
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low > high) [low, high] = axis.log ? [1, 10] : [0, 1];
  const bars = chart.marks.some(({ kind }) => kind === "bars") && (along === "x") === chart.rows;
  if (axis.log) [low, high] = [low / 1.15, high * 1.15];
  else {
    const margin = 0.04 * (high - low || Math.abs(high) || 1);
    [low, high] = [bars && low === 0 ? 0 : low - margin, bars && high === 0 ? 0 : high + margin];
  }
  return ends(axis.low ?? low, axis.high ?? high);
}

// What the mouse reads of point i of a mark, with the label of its place above it.
function said(mark, i, space, x, y, values = {}) {
  if (mark.texts?.length) return { heading: "", text: mark.texts[i] };
  const { chart } = space;
  const across = chart.rows ? chart.y : chart.x;
  const at = chart.rows ? y : x;
  const label = across.labels.length ? (across.labels[Math.round(at)] ?? "") : "";
  const number = (axis, value) => (axis.labels.length ? axis.labels[value] : numberText(value, axis.form));
  const heading = label || [across.title, number(across, at)].filter(Boolean).join(": ");
  const filled = { x: number(chart.x, x), y: number(chart.y, y), name: mark.name, i, ...values };
  const named = mark.name && !mark.hover.includes("{name}") ? `${mark.name}: ` : "";
  return { heading: chart.apart ? "" : heading, text: named + fillIn(mark.hover, filled) };
}

function lineMark(mark, space) {
  const { x, y, chart } = space;
  const there = (i) => known(chart.x)(mark.x[i]) && known(chart.y)(mark.y[i]);
  let path = "";
  let down = false;
  for (let i = 0; i < mark.x.length; i++) {
    if (there(i)) path += `${down ? "L" : "M"}${x.at(mark.x[i]).toFixed(1)} ${y.at(mark.y[i]).toFixed(1)}`;
    down = there(i);
  }
  const stroke = { stroke: mark.colour, "stroke-width": mark.width, "stroke-dasharray": mark.dash || undefined };
  const nodes = [svgElement("path", { d: path, class: "line", fill: "none", "stroke-linejoin": "round", ...stroke })];
  const items = [];
  for (let i = 0; i < mark.x.length; i++) {
    if (!there(i)) continue;
    const at = { x: x.at(mark.x[i]), y: y.at(mark.y[i]) };
    if (mark.low) {
      const ends = [mark.low[i], mark.high[i]].map((value) => y.at(value));
      const d = `M${at.x} ${ends[0]}V${ends[1]}M${at.x - 5} ${ends[0]}h10M${at.x - 5} ${ends[1]}h10`;
      nodes.push(svgElement("path", { d, fill: "none", stroke: mark.colour, "stroke-width": 2 }));
    }
    if (mark.size)
      nodes.push(svgElement("circle", { cx: at.x, cy: at.y, r: mark.size / 2, fill: mark.colour, class: "point" }));
    if (mark.hover || mark.texts.length) {
      const reach = mark.size / 2 + 3;
      items.push({
        ...at,
        wide: reach,
        high: reach,
        colour: mark.colour,
        ...said(mark, i, space, mark.x[i], mark.y[i]),
      });
    }
  }
  return { nodes, items };
}

function pointsMark(mark, { x, y }, space) {
  const nodes = [];
  const items = [];
  const group = svgElement("g", { opacity: mark.opacity < 1 ? mark.opacity : undefined });
  const outline = mark.outline ? { stroke: mark.outline, "stroke-width": mark.size > 10 ? 2 : 1 } : {};
  for (let i = 0; i < mark.x.length; i++) {
    const at = { x: x.at(mark.x[i]), y: y.at(mark.y[i]) };
    const colour = each(mark.colours, i);
    group.append(
      svgElement("circle", { cx: at.x, cy: at.y, r: mark.size / 2, fill: colour, class: "point", ...outline }),
    );
    const reach = mark.size / 2 + 2;
    if (mark.hover || mark.texts.length) {
      items.push({ ...at, wide: reach, high: reach, colour, ...said(mark, i, space, mark.x[i], mark.y[i]) });
    }
  }
  nodes.push(group);
  return { nodes, items };
}

function barsMark(mark, space) {
  const { x, y, chart } = space;
  const [across, along] = chart.rows ? [y, x] : [x, y];
  const step = Math.abs(across.at(1) - across.at(0));
  const [slot, slots] = mark.slot;
  const thick = step < 4 ? step : ((slots > 1 ? 0.76 : 0.72) * step) / slots;
  const nodes = [];
  const items = [];
  const words = [];
  for (let i = 0; i < mark.at.length; i++) {
    if (!Number.isFinite(mark.ends[i])) continue;
    const from = along.at(mark.starts?.[i] ?? 0);
    const to = along.at(mark.ends[i]);
    const first = across.at(mark.at[i]) - (slots * thick) / 2 + slot * thick;
    const [low, long] = [Math.min(from, to), Math.max(1, Math.abs(to - from))];
    const size = Math.max(1, thick - (slots > 1 && thick > 6 ? 1 : 0));
    const rect = chart.rows
      ? { x: low, y: first, width: long, height: size }
      : { x: first, y: low, width: size, height: long };
    const colour = each(mark.colours, i);
    const outline = mark.outlines[i] ? { stroke: mark.outlines[i], "stroke-width": 2 } : {};
    nodes.push(svgElement("rect", { ...rect, class: "bar", fill: colour, ...outline }));
    const [centre, middle] = [rect.x + rect.width / 2, rect.y + rect.height / 2];
    if (mark.hover || mark.texts.length) {
      const value = mark.ends[i] - (mark.starts?.[i] ?? 0);
      const numbers = chart.rows ? [value, mark.at[i]] : [mark.at[i], value];
      const place = { x: centre, y: middle, wide: rect.width / 2, high: rect.height / 2, at: across.at(mark.at[i]) };
      items.push({ ...place, colour, ...said(mark, i, space, ...numbers) });
    }
    const text = mark.words[i];
    if (!text) continue;
    if (chart.rows) words.push(["start", Math.max(from, to) + ROOM, middle + 0.35 * FONT_SIZE, text]);
    else words.push(["middle", centre, to <= from ? low - 7 : low + long + FONT_SIZE + 2, text]);
  }
  if (chart.rows ? thick >= 0.9 * FONT_SIZE : words.every(([, , , text]) => textWidth(text) < step)) {
    for (const [anchor, left, top, text] of words) {
      nodes.push(svgElement("text", { x: left, y: top, "text-anchor": anchor, class: "value" }, text));
    }
  }
  return { nodes, items };
}

function ruleMark(mark, { x, frame, taken }) {
  const at = x.at(mark.at);
  const line = { x1: at, x2: at, y1: frame.top, y2: frame.top + frame.height };
  const nodes = [svgElement("line", { ...line, stroke: mark.colour, "stroke-width": 2, "stroke-dasharray": "3 4" })];
  if (mark.words) {
    const right = at + textWidth(mark.words) + ROOM < frame.left + frame.width;
    const place = { x: at + (right ? ROOM : -ROOM), y: frame.top + FONT_SIZE + 1.3 * FONT_SIZE * taken.rules };
    const anchor = { "text-anchor": right ? "start" : "end" };
    nodes.push(svgElement("text", { ...place, ...anchor, fill: mark.colour, class: "over" }, mark.words));
    taken.rules += 1;
  }
  return { nodes, items: [] };
}

function cellsMark(mark, space) {
  const { x, y, chart, frame } = space;
  const [R, C] = [chart.y.labels.length, chart.x.labels.length];
  const [wide, high] = [frame.width / C, frame.height / R];
  const table = colourTable(mark.scale);
  const share = (value) => (value - mark.low) / (mark.high - mark.low || 1);
  const nodes = [];
  const apart = Math.min(wide, high) >= GAP;
  if (apart) {
    for (let i = 0; i < R * C; i++) {
      const rect = {
        x: x.at(i % C) - wide / 2 + 1,
        y: y.at(Math.floor(i / C)) - high / 2 + 1,
        width: wide - 2,
        height: high - 2,
      };
      const value = mark.values[i];
      nodes.push(
        svgElement("rect", { ...rect, fill: Number.isNaN(value) ? mark.masked : css(colourIn(table, share(value))) }),
      );
    }
  } else {
    const picture = pixelCanvas(C, R, (i) =>
      Number.isNaN(mark.values[i]) ? null : colourIn(table, share(mark.values[i])),
    );
    const box = { x: frame.left, y: frame.top, width: frame.width, height: frame.height };
    if (mark.masked) nodes.push(svgElement("rect", { ...box, fill: mark.masked }));
    const drawn = {
      ...box,
      href: picture.toDataURL(),
      preserveAspectRatio: "none",
      style: "image-rendering: pixelated",
    };
    nodes.push(svgElement("image", drawn));
  }
  mark.words.forEach((row, r) =>
    row.forEach((text, c) => {
      if (textWidth(text) > wide - 4 || FONT_SIZE > high) return;
      const fill = inkOn(colourIn(table, share(mark.values[r * C + c])));
      const place = { x: x.at(c), y: y.at(r) + 0.35 * FONT_SIZE, "text-anchor": "middle" };
      nodes.push(svgElement("text", { ...place, fill, class: "value" }, text));
    }),
  );
  // One of the cells, when it is asked for: a pattern of 300 tokens has 90,000.
  const cell = (i) => {
    const value = mark.values[i];
    if (Number.isNaN(value)) return null;
    const [row, column] = [Math.floor(i / C), i % C];
    const shown = mark.low < 0 ? signed(value, 3) : numberText(value, mark.form, 3);
    const names = { row: chart.y.labels[row], column: chart.x.labels[column], value: shown };
    const place = { x: x.at(column), y: y.at(row), wide: wide / 2, high: high / 2 };
    return {
      ...place,
      colour: css(colourIn(table, share(value))),
      ...said(mark, i, space, column, row, names),
      heading: "",
    };
  };
  return { nodes: [svgElement("g", { class: "cells" }, ...nodes)], items: [], cell };
}

const MARKS = { line: lineMark, points: pointsMark, bars: barsMark, rule: ruleMark, cells: cellsMark };

// {nodes, items} of a mark, or of cells {nodes, items, cell(i)}.
const markAsSvg = (mark, space) => MARKS[mark.kind](mark, space, space);

const wordsWidth = ({ text, strong }) => textWidth(text) + (strong ? textWidth(SPACE + strong, true) : 0);

// Words beside points, from the lowest up: what would meet words that are there already moves above them.
function drawWords(marks, { x, y, frame }, most) {
  const high = 1.15 * FONT_SIZE;
  const boxes = [];
  const wanted = marks.filter(({ kind }) => kind === "words");
  const nodes = new Map();
  for (const mark of wanted.toSorted((a, b) => y.at(b.y) - y.at(a.y))) {
    const at = { x: x.at(mark.x), y: y.at(mark.y) };
    const wide = wordsWidth(mark);
    const above = mark.side === "above";
    const left = above ? clamp(at.x - wide / 2, 0, Math.max(0, most - wide)) : at.x + ROOM;
    let top = above ? at.y - high - 6 : at.y - high / 2;
    const meets = (box) =>
      left < box.left + box.wide + 4 && box.left < left + wide + 4 && top < box.top + high && box.top < top + high;
    for (let met = boxes.find(meets); met; met = boxes.find(meets)) top = met.top - high - 0.5;
    if (top < 0) top = Math.max(top, frame.top - high - 6);
    boxes.push({ left, top, wide });
    const place = { x: left, y: top + 0.85 * FONT_SIZE, fill: mark.colour, class: "words over" };
    const strong = mark.strong ? [svgElement("tspan", { class: "strong" }, SPACE + mark.strong)] : [];
    nodes.set(mark, svgElement("text", place, mark.text, ...strong));
  }
  return wanted.map((mark) => nodes.get(mark));
}
