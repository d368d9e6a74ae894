// Lanes of boxes; each box is a heat map with one row for each token.
// Uses dom.js, colour.js, arrays.js, events.js and numbers.js.
export default function ({ data, parentElement, setTriggerValue }) {
  const { tokens, labels, first, colours } = data;
  const count = tokens.length;
  const root = parentElement.querySelector(".root");
  const tall = px(data.height);
  const height = tall / count; // of a row
  root.style.setProperty("--height", `${tall}px`);
  root.style.setProperty("--row", `${height}px`);
  setColours(root, colours);
  const tables = { signed: colourTable(colours.signed), probability: colourTable(colours.probability) };
  const masked = rgb(colours.masked);

  const readout = readoutLine(labels.point);
  const bands = [];
  const focused = root.focused; // the box that the keyboard reads: drawing anew must not lose it

  const drawBox = (box) => {
    const index = bands.length;
    const values = float32(box.values); // (count, box.width)
    const frame = element("div", "box");
    frame.classList.toggle("cached", box.cached);
    frame.classList.toggle("square", box.columns === "keys"); // a row and a column for each token
    // The root of the width: a latent of 64 beside keys of 384 stays wide enough to read.
    frame.style.flexGrow = Math.sqrt(box.width);
    const head = element("div", "name", box.name);
    if (box.cached) head.append(element("span", "tag", labels.cached));
    const end = box.probability ? "0…1" : box.parts.map(({ limit }) => `±${Number(limit.toPrecision(2))}`).join(" | ");
    const shape = element("div", "shape");
    shape.append(element("span", "", box.shape), element("span", "range", end));
    const picture = element("div", "picture");
    const limits = box.parts.flatMap(({ columns, limit }) => Array(columns).fill(limit));
    const colourOf = (value, column) => {
      if (Number.isNaN(value)) return masked;
      if (box.probability) return colourIn(tables.probability, value);
      return colourIn(tables.signed, (value / limits[column] + 1) / 2);
    };
    const canvas = pixelCanvas(box.width, count, (i) => colourOf(values[i], i % box.width));
    describe(canvas, "img", `${box.name} ${box.shape}`);
    canvas.tabIndex = 0;
    picture.append(canvas);
    const split = (share) => {
      const line = element("div", "split");
      line.style.left = `${100 * share}%`;
      picture.append(line);
    };
    for (let h = 1; h < box.heads; h++) split(h / box.heads);
    let before = 0;
    for (const part of box.parts.slice(0, -1)) split((before += part.columns) / box.width);
    if (box.head !== null) {
      const marked = element("div", "head");
      marked.style.left = `${(100 * box.head) / box.heads}%`;
      marked.style.width = `${100 / box.heads}%`;
      picture.append(marked);
    }
    const chosen = element("div", "chosen");
    chosen.style.top = `${(data.selected - first) * height}px`;
    chosen.hidden = data.selected < first || data.selected >= first + count;
    const band = element("div", "band");
    band.hidden = true;
    bands.push(band);
    const cursor = element("div", "cursor");
    cursor.hidden = true;
    picture.append(chosen, band, cursor);
    const under = (event) => cellUnder(event, canvas, count, box.width);
    const point = ({ row: at, column }) => {
      tellToken(first + at);
      const value = values[at * box.width + column];
      const perHead = box.width / box.heads;
      const place = fillIn(labels[box.heads > 1 ? "heads" : box.columns], {
        column: column % perHead,
        head: Math.floor(column / perHead),
        token: tokens[column],
      });
      const number = Number.isNaN(value) ? labels.masked : exact(value);
      readout.textContent = `${box.hook} · ${first + at} ${tokens[at]} · ${place}: ${number}`;
    };
    const leave = () => {
      tellToken(null);
      cursor.hidden = true;
      root.focused = null;
      readout.textContent = labels.point;
    };
    canvas.onmousemove = (event) => point(under(event));
    canvas.onmouseleave = canvas.onblur = leave;
    canvas.onclick = (event) => setTriggerValue("choose", first + under(event).row);
    const cell = {
      row: chosen.hidden ? 0 : data.selected - first,
      column: focused?.box === index ? focused.column : 0,
    };
    canvas.onfocus = () => {
      if (canvas.matches(":focus-visible")) go(0, 0); // reached with a key, not clicked
    };
    const go = (down, right) => {
      cell.row = clamp(cell.row + down, 0, count - 1);
      cell.column = clamp(cell.column + right, 0, box.width - 1);
      cursor.hidden = false;
      cursor.style.left = `${(100 * (cell.column + 0.5)) / box.width}%`;
      cursor.style.top = `${(cell.row + 0.5) * height}px`;
      point(cell);
      root.focused = { box: index, column: cell.column };
    };
    const keys = {
      ArrowUp: () => go(-1, 0),
      ArrowDown: () => go(1, 0),
      ArrowLeft: () => go(0, -1),
      ArrowRight: () => go(0, 1),
      PageUp: () => go(0, -box.width / box.heads), // a head at a time
      PageDown: () => go(0, box.width / box.heads),
      Home: () => go(0, -cell.column),
      End: () => go(0, box.width),
      Enter: () => setTriggerValue("choose", first + cell.row),
    };
    canvas.onkeydown = (event) => {
      if (!(event.key in keys)) return;
      event.preventDefault();
      keys[event.key]();
    };
    frame.append(head, shape, picture);
    return frame;
  };

  const lanes = data.lanes.map((lane) => {
    const line = element("div", "lane");
    line.append(element("div", "title", lane.name));
    for (const step of lane.steps) {
      if (step.by) {
        const arrow = element("div", "arrow");
        arrow.append(element("span", "", step.by), element("span", "head-of-arrow", "→"));
        line.append(arrow);
      }
      line.append(...step.boxes.map(drawBox));
    }
    return line;
  });
  root.replaceChildren(readout, ...lanes);
  if (focused) root.querySelectorAll("canvas")[focused.box]?.focus();

  return onToken((position) => {
    for (const band of bands) {
      band.hidden = position === null || position < first || position >= first + count;
      band.style.top = `${(position - first) * height}px`;
    }
  });
}
