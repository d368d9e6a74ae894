// Rows of coloured cells, one for each vector. Built with textContent only: a token is never markup.
const EVENT = "glassformer-token"; // as the token chips tell it
const SHADES = 256; // on each side of zero
const ROW = { least: 24, most: 38 }; // px
const HEAD = 28; // px
const AROUND = 440; // px of a tall screen that are left to what stands above and below

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function floats(base64) {
  return new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
}

const signed = (value, digits) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);
const exact = (value) => String(Number(value.toPrecision(7))).replace("-", "−");

// Colours of -limit ... limit as (2 SHADES + 1) times red, green, blue.
function shades(scale) {
  const stops = scale.map(([at, hex]) => [at, [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16))]);
  const table = [];
  for (let i = 0; i <= 2 * SHADES; i++) {
    const share = i / (2 * SHADES);
    const right = Math.max(1, stops.findIndex(([at]) => at >= share));
    const [[from, low], [to, high]] = [stops[right - 1], stops[right]];
    table.push(low.map((c, n) => Math.round(c + ((high[n] - c) * (share - from)) / (to - from))));
  }
  return table;
}

function paint(values, width, count, limit, table) {
  const canvas = element("canvas", "");
  canvas.width = width;
  canvas.height = count;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, count);
  values.forEach((value, i) => {
    const share = Math.max(-1, Math.min(1, value / limit));
    const [r, g, b] = table[Math.round((share + 1) * SHADES)];
    image.data.set([r, g, b, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

function legend(data) {
  const end = Number(data.limit.toPrecision(2));
  const made = element("div", "legend");
  const bar = element("span", "bar");
  bar.style.background = `linear-gradient(to right, ${data.scale.map(([at, colour]) => `${colour} ${100 * at}%`).join(", ")})`;
  made.append(element("span", "", `−${end}`), bar, element("span", "", `+${end}`));
  return made;
}

function numbers(row, digits) {
  const made = element("div", "numbers");
  row.forEach((value, i) => {
    const cell = element("span", "entry");
    cell.append(element("small", "", i), element("span", "", signed(value, digits)));
    made.append(cell);
  });
  return made;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { columns, cells, width, labels } = data;
  const root = parentElement.querySelector(".root");
  const values = floats(data.values);
  const count = cells.length;
  const digits = data.limit >= 10 ? 2 : data.limit >= 1 ? 3 : 4;
  const height = Math.max(data.height, window.innerHeight - AROUND);
  const row = Math.max(ROW.least, Math.min(ROW.most, Math.floor((height - HEAD) / count)));
  root.style.setProperty("--row", `${row}px`);
  root.style.setProperty("--head", `${HEAD}px`);
  root.style.setProperty("--height", `${height}px`);
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--${name}`, colour);

  const readout = element("div", "readout", labels.point);
  readout.setAttribute("role", "status");
  const top = element("div", "top");
  top.append(readout, legend(data));

  const table = element("div", "table");
  table.style.gridTemplateColumns = `repeat(${columns.length}, max-content)`;
  table.style.gridTemplateRows = `${HEAD}px repeat(${count}, ${row}px)`;
  columns.forEach((name, n) => {
    const head = element("div", "cell head", name);
    head.style.gridArea = `1 / ${n + 1} / -1 / auto`; // the whole column, in which it stays on top
    table.append(head);
  });
  const lines = cells.map((texts, i) => {
    const made = texts.map((text, n) => {
      const cell = element("div", n === 1 ? "cell token" : "cell", n === 1 ? undefined : text);
      if (n === 1) cell.append(element(data.choosable ? "button" : "span", "chip", text));
      cell.style.gridArea = `${i + 2} / ${n + 1}`;
      cell.title = text;
      cell.classList.toggle("selected", i === data.selected);
      cell.onmouseenter = () => data.linked && tell(i);
      cell.onmouseleave = () => data.linked && tell(null);
      if (data.choosable) cell.onclick = () => setTriggerValue("choose", i);
      return cell;
    });
    table.append(...made);
    return made;
  });

  const picture = element("div", "picture");
  picture.style.minWidth = `${width}px`; // at least one pixel for each entry; wider vectors scroll
  const axis = element("div", "axis");
  const step = [4, 8, 16, 32, 64, 128, 256, 512, 1024].find((size) => width / size <= 10) ?? 2048;
  for (let at = 0; at < width; at += step) {
    const tick = element("span", "", at ? at : `${labels.dimension} 0`);
    tick.style.left = `${(100 * at) / width}%`;
    axis.append(tick);
  }
  const canvas = paint(values, width, count, data.limit, shades(data.scale));
  canvas.style.height = `${count * row}px`;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", labels.group);
  const chosen = element("div", "chosen");
  const hovered = element("div", "hovered");
  const column = element("div", "column");
  chosen.style.top = `${HEAD + data.selected * row}px`;
  hovered.hidden = column.hidden = true;
  picture.append(axis, canvas, chosen, hovered, column);

  const frame = element("div", "frame");
  frame.append(table, picture);
  const written = element("div", "caption", labels.numbers);
  const list = numbers(values.subarray(data.selected * width, (data.selected + 1) * width), digits);

  const tell = (position) => document.dispatchEvent(new CustomEvent(EVENT, { detail: { position } }));
  let at = null;
  const show = (cell) => {
    at = cell;
    list.querySelector(".marked")?.classList.remove("marked");
    hovered.hidden = column.hidden = cell === null;
    if (cell === null) {
      readout.textContent = labels.point;
      return;
    }
    hovered.style.top = `${HEAD + cell.row * row}px`;
    column.style.left = `${(100 * cell.column) / width}%`;
    column.style.width = `${100 / width}%`;
    readout.textContent = `${cells[cell.row][1]} · ${labels.dimension} ${cell.column}: ${exact(values[cell.row * width + cell.column])}`;
    const entry = list.children[cell.column];
    entry.classList.add("marked");
    list.scrollTop = entry.offsetTop - list.offsetTop - list.clientHeight / 2 + entry.offsetHeight / 2;
  };
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    const clip = (share, size) => Math.max(0, Math.min(size - 1, Math.floor(share * size)));
    return { row: clip((event.clientY - box.top) / box.height, count), column: clip((event.clientX - box.left) / box.width, width) };
  };
  canvas.onmousemove = (event) => {
    const cell = under(event);
    if (data.linked && cell.row !== at?.row) tell(cell.row);
    show(cell);
  };
  canvas.onmouseleave = () => {
    if (data.linked) tell(null);
    show(null);
  };
  canvas.onclick = (event) => data.choosable && setTriggerValue("choose", under(event).row);
  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  canvas.onkeydown = (event) => {
    if (event.key === "Enter" && at && data.choosable) setTriggerValue("choose", at.row);
    if (!(event.key in moves)) return;
    event.preventDefault();
    const from = at ?? { row: data.selected, column: 0 };
    const [down, right] = moves[event.key];
    show({ row: Math.max(0, Math.min(count - 1, from.row + down)), column: Math.max(0, Math.min(width - 1, from.column + right)) });
  };

  const scrolled = root.querySelector(".frame")?.scrollTop;
  const onCanvas = root.getRootNode().activeElement?.tagName === "CANVAS";
  root.replaceChildren(top, frame, written, list);
  // A new run replaces everything: the reader keeps the place, or is brought to a row chosen before.
  frame.scrollTop = scrolled ?? (data.reveal ? Math.max(0, (data.selected + 0.5) * row - height / 2) : 0);
  if (onCanvas) canvas.focus({ preventScroll: true });

  const mark = (event) => lines.forEach((line, i) => line.forEach((cell) => cell.classList.toggle("marked", i === event.detail.position)));
  if (data.linked) document.addEventListener(EVENT, mark);
  return () => document.removeEventListener(EVENT, mark);
}
