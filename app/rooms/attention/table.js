// A table of names, bars and strips of vectors. Uses dom.js, colour.js and arrays.js.

const significant = (x) => String(Number(x.toPrecision(4))).replace("-", "−");

class VectorTable {
  constructor(root) {
    this.root = root;
    this.readout = readoutLine("");
    this.rows = element("table");
    const scroll = element("div", "scroll");
    scroll.append(this.rows);
    root.replaceChildren(this.readout, scroll);
  }

  update(data, tell) {
    this.data = data;
    this.tell = tell;
    setColours(this.root, data.colours);
    this.colours = colourTable(data.colours.signed);
    this.readout.textContent = data.labels.look;
    this.rows.className = data.columns.length === 2 ? "plain" : "";
    const vectors = data.columns.map((column) => column.strips && float32(column.strips));
    // What has one kind and role is drawn on one scale.
    const alike = (one, other) => one.kind === other.kind && one.role === other.role;
    const largest = (column, i) =>
      column.strips
        ? vectors[i].reduce((most, x) => Math.max(most, Math.abs(x)), 0)
        : Math.max(...data.rows.map(({ cells }) => Math.abs(cells[i]?.[0] ?? 0)));
    const own = data.columns.map(largest);
    this.most = data.columns.map((column) => Math.max(...own.filter((_, i) => alike(column, data.columns[i]))) || 1);
    const titles = element("tr");
    titles.append(...data.columns.map((column, i) => this.title(column, this.most[i])));
    const rows = data.rows.map((row) => {
      const line = element("tr", row.kind);
      line.append(...row.cells.map((cell, i) => this.cell(row, cell, i, vectors[i])));
      return line;
    });
    replaceKeepingFocus(this.rows, "choose", titles, ...rows);
  }

  title({ title, strips }, most) {
    const box = element("th");
    box.append(element("div", "", title));
    const range = significant(most);
    if (strips) box.append(legend(`−${range}`, this.data.colours.signed, `+${range}`));
    return box;
  }

  cell(row, content, index, vectors) {
    const [column, most] = [this.data.columns[index], this.most[index]];
    const box = element("td", column.kind);
    if (content === null) return box;
    if (column.kind === "strip") box.append(this.strip(row, column, vectors, content, most));
    else if (column.kind === "bar" || column.kind === "signed") box.append(this.amount(column, content, most));
    else if (column.kind === "number") box.textContent = content;
    else box.append(this.name(row, column, content));
    return box;
  }

  name(row, column, text) {
    const can = row.choose !== null && column === this.data.columns[0];
    const kind = row.kind === "total" ? "name" : column.kind;
    const node = element(can ? "button" : "span", `${kind}${can ? " choose" : ""}`, text);
    if (kind === "token") node.style.background = `var(--${column.role}-text)`;
    if (can) node.onclick = () => this.tell("choose", row.choose);
    return node;
  }

  amount(column, [value, text], most) {
    const box = element("div", "amount");
    const track = element("div", "track");
    const bar = element("div");
    const share = (100 * Math.abs(value)) / most;
    const { colours } = this.data;
    if (column.kind === "bar") Object.assign(bar.style, { left: 0, width: `${share}%`, background: colours[column.role] });
    else {
      const left = value < 0 ? 50 - share / 2 : 50;
      const background = value < 0 ? colours.negative : colours.positive;
      Object.assign(bar.style, { left: `${left}%`, width: `${share / 2}%`, background });
    }
    track.append(bar);
    box.append(track, element("span", "text", text));
    return box;
  }

  strip(row, { width, every, title }, vectors, index, most) {
    const { labels } = this.data;
    const at = (entry) => vectors[index * width + entry];
    const canvas = pixelCanvas(width, 1, (entry) => colourIn(this.colours, 0.5 + (0.5 * at(entry)) / most));
    describe(canvas, "img", `${row.cells[0]}: ${title}`);
    canvas.onpointermove = (event) => {
      const { column: entry } = cellUnder(event, canvas, 1, width);
      const said = { row: row.cells[0], entry, value: significant(at(entry)) };
      this.readout.textContent = fillIn(labels.entry, said);
    };
    canvas.onpointerleave = () => (this.readout.textContent = labels.look);
    const held = element("div", "held");
    held.append(canvas);
    for (let entry = every; every && entry < width; entry += every) {
      const line = element("div", "line");
      line.style.left = `${(100 * entry) / width}%`;
      held.append(line);
    }
    return held;
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  (root.glassformerTable ??= new VectorTable(root)).update(data, setTriggerValue);
}
