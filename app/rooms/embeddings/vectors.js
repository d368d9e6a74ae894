// Rows of coloured cells, one for each vector. Uses dom.js, colour.js, arrays.js, events.js and numbers.js.
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function entriesOf(vector, digits) {
  const list = element("div", "numbers");
  list.tabIndex = 0; // it scrolls
  vector.forEach((value, i) => {
    const entry = element("span", "entry");
    entry.append(element("small", "", i), element("span", "", signed(value, digits)));
    list.append(entry);
  });
  return list;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const ROW = { least: Math.round(px(24)), most: px(38) };
  const HEAD = Math.round(px(28));
  const { columns, cells, width, labels } = data;
  const root = parentElement.querySelector(".root");
  const values = float32(data.values); // (count, width)
  const count = cells.length;
  const digits = data.limit >= 10 ? 2 : data.limit >= 1 ? 3 : 4;
  const height = tallPicture(data.height);
  const row = clamp(Math.floor((height - HEAD) / count), ROW.least, ROW.most);
  root.style.setProperty("--row", `${row}px`);
  root.style.setProperty("--head", `${HEAD}px`);
  root.style.setProperty("--height", `${height}px`);
  setColours(root, data.colours);

  const readout = readoutLine(labels.point);
  const colours = colourTable(data.scale);
  const end = Number(data.limit.toPrecision(2));
  const top = element("div", "top");
  top.append(readout, legend(`−${end}`, data.scale, `+${end}`));

  const table = element("div", "table");
  table.style.gridTemplateColumns = `repeat(${columns.length}, max-content)`;
  table.style.gridTemplateRows = `${HEAD}px repeat(${count}, ${row}px)`;
  columns.forEach((name, n) => {
    const head = element("div", "cell head", name);
    head.style.gridArea = `1 / ${n + 1} / -1 / auto`; // the whole column, in which it stays on top
    table.append(head);
  });
  const lines = cells.map((texts, i) => {
    const line = texts.map((text, n) => {
      const cell = element("div", n === 1 ? "cell token" : "cell", n === 1 ? undefined : text);
      if (n === 1) cell.append(element(data.choosable ? "button" : "span", "chip", text));
      cell.style.gridArea = `${i + 2} / ${n + 1}`;
      cell.title = text;
      cell.classList.toggle("selected", i === data.selected);
      cell.onmouseenter = () => data.linked && tellToken(i);
      cell.onmouseleave = () => data.linked && tellToken(null);
      if (data.choosable) cell.onclick = () => setTriggerValue("choose", i);
      return cell;
    });
    table.append(...line);
    return line;
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
  const canvas = pixelCanvas(width, count, (i) => colourIn(colours, (values[i] / data.limit + 1) / 2));
  canvas.style.height = `${count * row}px`;
  canvas.tabIndex = 0;
  describe(canvas, "img", labels.group);
  const chosen = element("div", "chosen");
  const hovered = element("div", "hovered");
  const column = element("div", "column");
  chosen.style.top = `${HEAD + data.selected * row}px`;
  hovered.hidden = column.hidden = true;
  picture.append(axis, canvas, chosen, hovered, column);

  const frame = element("div", "frame");
  frame.append(table, picture);
  const caption = element("div", "caption", labels.numbers);
  const list = entriesOf(values.subarray(data.selected * width, (data.selected + 1) * width), digits);

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
    const value = exact(values[cell.row * width + cell.column]);
    readout.textContent = `${cells[cell.row][1]} · ${labels.dimension} ${cell.column}: ${value}`;
    const entry = list.children[cell.column];
    entry.classList.add("marked");
    list.scrollTop = entry.offsetTop - list.offsetTop - list.clientHeight / 2 + entry.offsetHeight / 2;
  };
  const under = (event) => cellUnder(event, canvas, count, width);
  canvas.onmousemove = (event) => {
    const cell = under(event);
    if (data.linked && cell.row !== at?.row) tellToken(cell.row);
    show(cell);
  };
  canvas.onmouseleave = () => {
    if (data.linked) tellToken(null);
    show(null);
  };
  canvas.onclick = (event) => data.choosable && setTriggerValue("choose", under(event).row);
  canvas.onkeydown = (event) => {
    if (event.key === "Enter" && at && data.choosable) setTriggerValue("choose", at.row);
    if (!(event.key in MOVES)) return;
    event.preventDefault();
    const from = at ?? { row: data.selected, column: 0 };
    const [down, right] = MOVES[event.key];
    show({ row: clamp(from.row + down, 0, count - 1), column: clamp(from.column + right, 0, width - 1) });
  };

  const scrolled = root.querySelector(".frame")?.scrollTop;
  const onCanvas = root.getRootNode().activeElement?.tagName === "CANVAS";
  root.replaceChildren(top, frame, caption, list);
  // A new run replaces everything: the reader keeps the place, unless another row was chosen that lies outside.
  frame.scrollTop = scrolled ?? 0;
  const [above, below] = [data.selected * row, (data.selected + 1) * row + HEAD - frame.clientHeight];
  const seen = above >= frame.scrollTop && below <= frame.scrollTop;
  if (root.dataset.selected !== String(data.selected) && !seen) frame.scrollTop = (above + below) / 2;
  root.dataset.selected = data.selected;
  if (onCanvas) canvas.focus({ preventScroll: true });

  if (!data.linked) return undefined;
  return onToken((marked) =>
    lines.forEach((line, i) => line.forEach((cell) => cell.classList.toggle("marked", i === marked))),
  );
}
