// Lanes of boxes; each box is a heat map with one row for each token. textContent only: a token is never markup.
const EVENT = "glassformer-token"; // as the token chips tell it
const SHADES = 512;

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const floats = (base64) => new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const filled = (words, values) => words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
const exact = (value) => String(Number(value.toPrecision(6))).replace("-", "−");

function shades(scale) {
  return Array.from({ length: SHADES + 1 }, (_, i) => {
    const right = Math.max(1, scale.findIndex(([at]) => at >= i / SHADES));
    const [[from, low], [to, high]] = [scale[right - 1], scale[right]];
    const [a, b] = [rgb(low), rgb(high)];
    return a.map((channel, c) => Math.round(channel + ((b[c] - channel) * (i / SHADES - from)) / (to - from)));
  });
}

function paint(box, values, count, tables, masked) {
  const canvas = element("canvas", "");
  canvas.width = box.width;
  canvas.height = count;
  canvas.setAttribute("role", "img");
  canvas.tabIndex = 0;
  canvas.setAttribute("aria-label", `${box.name} ${box.shape}`);
  const context = canvas.getContext("2d");
  const image = context.createImageData(box.width, count);
  const table = box.probability ? tables.probability : tables.signed;
  values.forEach((value, i) => {
    const share = box.probability ? value : (value / box.limit + 1) / 2;
    const colour = Number.isNaN(value) ? masked : table[Math.round(Math.max(0, Math.min(1, share)) * SHADES)];
    image.data.set([...colour, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { tokens, labels, first, colours } = data;
  const count = tokens.length;
  const root = parentElement.querySelector(".root");
  const row = data.height / count;
  root.style.setProperty("--height", `${data.height}px`);
  root.style.setProperty("--row", `${row}px`);
  for (const name of ["accent", "ink", "cached"]) root.style.setProperty(`--${name}`, colours[name]);
  const tables = { signed: shades(colours.signed), probability: shades(colours.probability) };
  const masked = rgb(colours.masked);

  const readout = element("div", "readout", labels.point);
  readout.setAttribute("role", "status");
  const tell = (position) => document.dispatchEvent(new CustomEvent(EVENT, { detail: { position } }));
  const bands = [];

  const kept = root.focused; // the box that the keyboard reads: drawing anew must not lose it

  const drawBox = (box) => {
    const index = bands.length;
    const values = floats(box.values);
    const made = element("div", box.cached ? "box cached" : "box");
    // The root of the width: a latent of 64 beside keys of 384 stays wide enough to read.
    made.style.flexGrow = Math.sqrt(box.width);
    const head = element("div", "name", box.name);
    if (box.cached) head.append(element("span", "tag", labels.cached));
    const end = box.probability ? "0…1" : `±${Number(box.limit.toPrecision(2))}`;
    const shape = element("div", "shape");
    shape.append(element("span", "", box.shape), element("span", "range", end));
    const picture = element("div", "picture");
    const canvas = paint(box, values, count, tables, masked);
    picture.append(canvas);
    for (let h = 1; h < box.heads; h++) {
      const line = element("div", "split");
      line.style.left = `${(100 * h) / box.heads}%`;
      picture.append(line);
    }
    if (box.head !== null) {
      const frame = element("div", "head");
      frame.style.left = `${(100 * box.head) / box.heads}%`;
      frame.style.width = `${100 / box.heads}%`;
      picture.append(frame);
    }
    const chosen = element("div", "chosen");
    chosen.style.top = `${(data.selected - first) * row}px`;
    chosen.hidden = data.selected < first || data.selected >= first + count;
    const band = element("div", "band");
    band.hidden = true;
    bands.push(band);
    const cursor = element("div", "cursor");
    cursor.hidden = true;
    picture.append(chosen, band, cursor);
    const under = (event) => {
      const area = canvas.getBoundingClientRect();
      const clip = (share, size) => Math.max(0, Math.min(size - 1, Math.floor(share * size)));
      return { at: clip((event.clientY - area.top) / area.height, count), column: clip((event.clientX - area.left) / area.width, box.width) };
    };
    const point = ({ at, column }) => {
      tell(first + at);
      const value = values[at * box.width + column];
      const perHead = box.width / box.heads;
      const place = filled(labels[box.heads > 1 ? "heads" : box.columns], { column: column % perHead, head: Math.floor(column / perHead), token: tokens[column] });
      const number = Number.isNaN(value) ? labels.masked : exact(value);
      readout.textContent = `${box.hook} · ${first + at} ${tokens[at]} · ${place}: ${number}`;
    };
    const leave = () => {
      tell(null);
      cursor.hidden = true;
      root.focused = null;
      readout.textContent = labels.point;
    };
    canvas.onmousemove = (event) => point(under(event));
    canvas.onmouseleave = canvas.onblur = leave;
    canvas.onclick = (event) => setTriggerValue("choose", first + under(event).at);
    const cell = { at: chosen.hidden ? 0 : data.selected - first, column: kept?.box === index ? kept.column : 0 };
    canvas.onfocus = () => {
      if (canvas.matches(":focus-visible")) go(0, 0); // reached with a key, not clicked
    };
    const go = (down, right) => {
      cell.at = Math.max(0, Math.min(count - 1, cell.at + down));
      cell.column = Math.max(0, Math.min(box.width - 1, cell.column + right));
      cursor.hidden = false;
      cursor.style.left = `${(100 * (cell.column + 0.5)) / box.width}%`;
      cursor.style.top = `${(cell.at + 0.5) * row}px`;
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
      Enter: () => setTriggerValue("choose", first + cell.at),
    };
    canvas.onkeydown = (event) => {
      if (!(event.key in keys)) return;
      event.preventDefault();
      keys[event.key]();
    };
    made.append(head, shape, picture);
    return made;
  };

  const drawn = data.lanes.map((lane) => {
    const made = element("div", "lane");
    made.append(element("div", "title", lane.name));
    for (const step of lane.steps) {
      if (step.by) {
        const arrow = element("div", "arrow");
        arrow.append(element("span", "", step.by), element("span", "head-of-arrow", "→"));
        made.append(arrow);
      }
      made.append(...step.boxes.map(drawBox));
    }
    return made;
  });
  root.replaceChildren(readout, ...drawn);
  if (kept) root.querySelectorAll("canvas")[kept.box]?.focus();

  const mark = (event) => {
    const { position } = event.detail;
    for (const band of bands) {
      band.hidden = position === null || position < first || position >= first + count;
      band.style.top = `${(position - first) * row}px`;
    }
  };
  document.addEventListener(EVENT, mark);
  return () => document.removeEventListener(EVENT, mark);
}
