// Three pictures of one shape: A, B and A − B. Uses dom.js, colour.js, arrays.js, numbers.js, events.js and plan.js.

const IMAGE_FROM = 3000; // cells of a panel from which on it is painted as an image
const WRITTEN = 400; // numbers of a panel at most
const HATCH = 7; // px between lines
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const PANELS = ["a", "b", "difference"];

class Sheets {
  constructor(root) {
    this.root = root;
    this.readout = readoutLine("");
    this.board = element("div", "board");
    this.board.tabIndex = 0;
    this.board.onkeydown = (event) => this.pressed(event);
    this.keys = element("div", "keys");
    this.parts = Object.fromEntries(PANELS.map((which) => [which, this.part(which)]));
    root.replaceChildren(this.readout, this.board, this.keys);
  }

  part(which) {
    const figure = element("figure", which);
    const heading = element("button", "heading");
    heading.onclick = () => this.tell("panel", this.data.panel === which ? "all" : which);
    const stack = element("div", "stack");
    const [base, over] = [element("canvas", "base"), element("canvas", "over")];
    stack.append(base, over);
    const scale = element("div", "scale");
    figure.append(heading, stack, scale);
    const at = (event) => {
      const area = over.getBoundingClientRect();
      return this.plans[which]?.cellAt(event.clientX - area.left, event.clientY - area.top) ?? null;
    };
    over.onpointermove = (event) => this.point(at(event), which);
    over.onpointerleave = () => this.point(null);
    over.onclick = (event) => this.choose(at(event));
    return { figure, heading, stack, base, over, scale };
  }

  update(data, tell) {
    Object.assign(this, { data, tell, at: null });
    this.values = { a: float32(data.a), b: float32(data.b) };
    if (data.joined) this.values.difference = this.values.a.map((_, i) => this.apart(i));
    this.tables = { signed: colourTable(data.colours.signed), amount: colourTable(data.colours.probability) };
    setColours(this.root, data.colours);
    describe(this.board, "group", data.labels.board);
    this.draw();
  }

  // A − B of a cell; NaN where there is none.
  apart(i) {
    const { data } = this;
    const { a, b } = this.values;
    const [row, column] = this.placeOf(i, "a");
    if (otherwise(data.rows, row) || otherwise(data.columns, column)) return NaN;
    if (!data.zero) return a[i] - b[i];
    return Number.isNaN(a[i]) && Number.isNaN(b[i]) ? NaN : (a[i] || 0) - (b[i] || 0);
  }

  placeOf(i, side) {
    const columns = this.data.columns[side].length;
    const rows = this.data.rows[side].length;
    return [Math.floor(i / columns) % rows, i % columns];
  }

  shown() {
    const { panel, joined } = this.data;
    if (panel !== "all") return [panel];
    return joined ? PANELS : ["a", "b"];
  }

  draw() {
    const { data, board } = this;
    const shown = this.shown();
    board.replaceChildren(...shown.map((which) => this.parts[which].figure));
    const wide = this.root.clientWidth || 900;
    const [R, C] = [data.rows.a.length, data.columns.a.length];
    // Long rows lie below each other; others side by side where there is room.
    const flat = !data.square && C > 4 * R && C * 3 > wide / 9;
    const across = flat || wide < 620 ? 1 : Math.min(shown.length, wide < 940 ? 2 : 3);
    const down = Math.ceil(shown.length / across);
    board.style.gridTemplateColumns = `repeat(${across}, minmax(0, 1fr))`;
    // A panel has its heading and, below it or beside it, its scale.
    board.classList.toggle("flat", flat);
    const own = (flat ? 2.1 : 3.9) * FONT_SIZE;
    const high = tallPicture(data.square && C > 64 ? 500 : 392);
    const tall = wide < 620 && !flat ? 420 : Math.max(60, high / down - own);
    this.plans = {};
    const each = (wide - 20 * (across - 1)) / across;
    this.prepare(shown, each, tall);
    this.every = 1; // tokens from name to name
    for (const which of shown) this.paint(which, each, tall);
    this.legends(shown);
    this.mark();
  }

  prepare(shown, wide, tall) {
    const { rows, columns, square } = this.data;
    const pen = element("canvas").getContext("2d");
    pen.font = this.font = `${FONT_SIZE}px ${getComputedStyle(this.root).fontFamily}`;
    const named = (which) => ({ rows: namesAlong(rows, which), columns: namesAlong(columns, which) });
    this.named = Object.fromEntries(shown.map((which) => [which, named(which)]));
    const [R, C] = [rows.a.length, columns.a.length];
    const cell = (left) => Math.min((wide - left) / C, square ? (tall - 2 * FONT_SIZE) / R : Infinity);
    const numbered = columns.along !== "token";
    this.margin = margins(pen, { panels: Object.values(this.named), numbered, cell });
  }

  paint(which, wide, tall) {
    const { data, parts, font } = this;
    const { base, over, heading } = parts[which];
    const side = which === "b" ? "b" : "a";
    const { margin } = this;
    const { rows, columns } = this.named[which];
    const tiles = data.tiles[side === "b" ? 1 : 0];
    const plan = (this.plans[which] = layout({ tiles, rows, columns, square: data.square, wide, tall, margin }));
    const sheet = sharpCanvas(base, plan.width, plan.height);
    sharpCanvas(over, plan.width, plan.height);
    sheet.font = font;
    sheet.textBaseline = "middle";
    heading.textContent = data.labels[which];
    heading.title = data.labels[data.panel === "all" ? "enlarge" : "smaller"];
    describe(base, "img", `${data.labels[which]}. ${data.labels.alt}`);
    if (plan.named) this.names(sheet, plan, this.named[which]);
    for (let tile = 0; tile < tiles; tile++) this.tile(sheet, plan, which, tile);
  }

  names(pen, { left, top, cell }, names) {
    const { data } = this;
    const { turned, needed } = this.margin;
    const every = { row: Math.ceil((FONT_SIZE + 2) / cell.height), column: Math.ceil(needed / cell.width) };
    this.every = Math.max(
      this.every,
      data.rows.along === "token" ? every.row : 1,
      data.columns.along === "token" ? every.column : 1,
    );
    const ink = (axis, i) => (otherwise(axis, i) ? data.colours.accent : data.colours.ink);
    pen.textAlign = "right";
    names.rows.forEach((name, i) => {
      if (i % every.row) return;
      pen.fillStyle = ink(data.rows, i);
      pen.fillText(cutText(pen, name, left - 8), left - 6, top + (i + 0.5) * cell.height);
    });
    pen.textAlign = turned ? "left" : "center";
    names.columns.forEach((name, i) => {
      if (i % every.column) return;
      pen.fillStyle = ink(data.columns, i);
      pen.save();
      pen.translate(left + (i + 0.5) * cell.width, turned ? top - 6 : top - 4 - FONT_SIZE / 2);
      if (turned) pen.rotate(-Math.PI / 2);
      pen.fillText(turned ? cutText(pen, name, top - 8) : name, 0, 0);
      pen.restore();
    });
  }

  // The colour of a number; null where there is none.
  colourOf(which, value) {
    const { scale, apart, root } = this.data;
    const most = this.data.most[which === "b" ? 1 : 0];
    if (Number.isNaN(value)) return null;
    if (which === "difference") return colourIn(this.tables.signed, 0.5 + value / apart / 2);
    if (scale === "signed") return colourIn(this.tables.signed, 0.5 + value / most / 2);
    return colourIn(this.tables.amount, root ? Math.sqrt(value / most) : value / most);
  }

  tile(pen, plan, which, tile) {
    const { data } = this;
    const { R, C, cell } = plan;
    const [x0, y0] = plan.corner(tile);
    const first = tile * R * C;
    const values = this.values[which];
    const none = rgb(data.colours.masked);
    if (!plan.named) {
      pen.fillStyle = data.colours.ink;
      pen.textAlign = "left";
      pen.fillText(String(tile), x0, y0 - plan.head / 2);
    }
    const colours = Array.from({ length: R * C }, (_, i) => this.colourOf(which, values[first + i]));
    if (R * C > IMAGE_FROM) {
      pen.imageSmoothingEnabled = false;
      pen.drawImage(pixelCanvas(C, R, (i) => colours[i] ?? none), x0, y0, C * cell.width, R * cell.height);
    } else {
      const gap = Math.min(cell.width, cell.height) > 8 ? 1 : 0;
      const digits = cell.height >= FONT_SIZE + 2 ? this.digits(pen, which, cell.width - 3) : null;
      pen.textAlign = "center";
      for (let i = 0; i < R * C; i++) {
        const [x, y] = [x0 + (i % C) * cell.width, y0 + Math.floor(i / C) * cell.height];
        pen.fillStyle = css(colours[i] ?? none);
        pen.fillRect(x, y, cell.width - gap, cell.height - gap);
        if (digits === null || !colours[i]) continue;
        pen.fillStyle = inkOn(colours[i]);
        pen.fillText(this.short(values[first + i], digits), x + cell.width / 2, y + cell.height / 2 + 1);
      }
    }
    this.hatchAlone(pen, plan, which, x0, y0);
    pen.strokeStyle = data.colours.frame;
    pen.lineWidth = 1;
    pen.strokeRect(x0 - 0.5, y0 - 0.5, C * cell.width + 1, R * cell.height + 1);
  }

  // Rows and columns that this panel's side does not have (the difference: that either has not) are hatched.
  hatchAlone(pen, { R, C, cell }, which, x0, y0) {
    const { data } = this;
    const lacks = (axis, i) => {
      const only = otherwise(axis, i);
      return only && only !== which;
    };
    pen.save();
    pen.beginPath();
    const [wide, high] = [C * cell.width, R * cell.height];
    for (let i = 0; i < R; i++) if (lacks(data.rows, i)) pen.rect(x0, y0 + i * cell.height, wide, cell.height);
    for (let i = 0; i < C; i++) if (lacks(data.columns, i)) pen.rect(x0 + i * cell.width, y0, cell.width, high);
    pen.clip();
    pen.fillStyle = data.colours.paper;
    pen.fillRect(x0, y0, wide, high);
    pen.strokeStyle = data.colours.hatch;
    pen.lineWidth = 1;
    pen.beginPath();
    for (let x = -high; x < wide; x += HATCH) {
      pen.moveTo(x0 + x, y0 + high);
      pen.lineTo(x0 + x + high, y0);
    }
    pen.stroke();
    pen.restore();
  }

  // Decimals with which every number of a panel fits into `wide` px; null where none do.
  digits(pen, which, wide) {
    const values = this.values[which].filter((value) => !Number.isNaN(value));
    if (values.length > WRITTEN) return null;
    const fits = (digits) => values.every((value) => pen.measureText(this.short(value, digits)).width <= wide);
    return (which === "difference" ? [2] : [2, 1]).find(fits) ?? null;
  }

  short(value, digits) {
    const text = value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? Math.min(1, digits) : digits);
    return Number(text) === 0 ? (0).toFixed(digits) : text.replace("-", "−");
  }

  legends(shown) {
    const { data } = this;
    const { labels, colours } = data;
    const number = (value) => String(Number(value.toPrecision(3)));
    for (const which of shown) {
      const signedScale = which === "difference" || data.scale === "signed";
      const most = which === "difference" ? data.apart : data.most[which === "b" ? 1 : 0];
      const low = signedScale ? `−${number(most)}` : "0";
      const high = signedScale ? `+${number(most)}` : number(most);
      const bar = legend(low, signedScale ? colours.signed : colours.probability, high);
      if (data.root && !signedScale) bar.append(element("span", "", labels.root));
      this.parts[which].scale.replaceChildren(bar);
    }
    const alone = (axis, side) => axis.a.some((_, i) => otherwise(axis, i) === side);
    const lone = ["a", "b"].filter((side) => alone(data.rows, side) || alone(data.columns, side));
    const empty = ["a", "b"].some((side) => this.values[side].some((value, i) => {
      const [row, column] = this.placeOf(i, side);
      return Number.isNaN(value) && !otherwise(data.rows, row) && !otherwise(data.columns, column);
    }));
    const key = (kind, text) => {
      const made = element("span", "key");
      made.append(element("i", kind), element("span", "", text));
      return made;
    };
    this.keys.replaceChildren(
      ...(empty ? [key("none", labels.none)] : []),
      ...(this.every > 1 ? [element("span", "thinned", fillIn(labels.thinned, { count: this.every }))] : []),
      ...(lone.length ? [key("lone", lone.map((side) => labels[`only.${side}`]).join(" · "))] : []),
    );
    this.readout.textContent = this.sentence(this.pinned()) || this.hint();
  }

  hint() {
    return `${this.data.labels.axes} ${this.data.labels.point}`;
  }

  pinned() {
    const { pin } = this.data;
    return pin && { tile: 0, row: pin[0], column: pin[1] };
  }

  point(at, which = null) {
    this.at = at;
    const rows = this.data.rows;
    const token = rows.along === "token" ? rows : this.data.columns.along === "token" ? this.data.columns : null;
    const entry = at && (rows.along === "token" ? at.row : at.column);
    const place = at && token ? (token.at ? token.at[entry] : which === "b" ? -1 : entry) : -1;
    tellToken(place >= 0 ? place : null, this);
    this.readout.textContent = this.sentence(at ?? this.pinned(), which) || this.hint();
    this.mark();
  }

  name(axis, entry, which) {
    const { labels } = this.data;
    const label = namesAlong(axis, which === "b" && !axis.at ? "b" : axis.at ? "difference" : "a")[entry];
    return fillIn(labels[`along.${axis.along}`], { label });
  }

  sentence(at, which = "a") {
    if (!at) return "";
    const { data } = this;
    const { labels } = data;
    const place = [this.name(data.rows, at.row, which), this.name(data.columns, at.column, which)].filter(Boolean);
    const arrow = data.square ? " → " : " · ";
    let where = place.join(arrow);
    if (data.tiles[0] > 1) where = `${fillIn(labels["along.head"], { label: at.tile })} · ${where}`;
    const index = (side) => (at.tile * data.rows[side].length + at.row) * data.columns[side].length + at.column;
    const text = (value) => (value === undefined || Number.isNaN(value) ? "–" : exact(value));
    if (!data.joined) {
      const side = which === "b" ? "b" : "a";
      return `${where}: ${side.toUpperCase()} ${text(this.values[side][index(side)])}`;
    }
    const only = otherwise(data.rows, at.row) || otherwise(data.columns, at.column);
    const [a, b, apart] = PANELS.map((side) => this.values[side][index("a")]);
    if (only) return `${where}: ${labels[`only.${only}`]}, ${text(only === "a" ? a : b)}`;
    const sign = apart > 0 ? "+" : "";
    return `${where}: A ${text(a)}, B ${text(b)}, A − B = ${sign}${text(apart)}`;
  }

  mark(token = null) {
    const { data } = this;
    const cells = [[this.pinned(), data.colours.accent, 3], [this.at, data.colours.ink, 2]];
    for (const which of this.shown()) {
      const plan = this.plans[which];
      const { over } = this.parts[which];
      const pen = over.getContext("2d");
      pen.clearRect(0, 0, plan.width, plan.height);
      const { R, C, cell } = plan;
      const band = (axis, entry, colour) => {
        pen.strokeStyle = colour;
        pen.lineWidth = 2;
        for (let tile = 0; tile < (plan.named ? 1 : 0); tile++) {
          const [x, y] = plan.corner(tile);
          if (axis === "row") pen.strokeRect(x - 1, y + entry * cell.height - 1, C * cell.width + 1, cell.height + 1);
          else pen.strokeRect(x + entry * cell.width - 1, y - 1, cell.width + 1, R * cell.height + 1);
        }
      };
      const along = data.rows.along === "token" ? "row" : "column";
      const axis = data.rows.along === "token" ? data.rows : data.columns;
      if (data.chosen !== null && axis.along === "token") band(along, data.chosen, data.colours.query);
      const marked = token === null || axis.along !== "token" || !axis.at ? -1 : axis.at.indexOf(token);
      if (marked >= 0) band(along, marked, data.colours.faint);
      for (const [at, colour, width] of cells) {
        if (!at || at.tile >= plan.tiles || at.row >= R || at.column >= C) continue;
        const [x, y] = plan.corner(at.tile);
        pen.strokeStyle = colour;
        pen.lineWidth = width;
        const [w, h] = [Math.max(5, cell.width), Math.max(5, cell.height)];
        pen.strokeRect(x + (at.column + 0.5) * cell.width - w / 2, y + (at.row + 0.5) * cell.height - h / 2, w, h);
      }
    }
  }

  choose(at) {
    if (!at) return;
    const { rows, columns } = this.data;
    const place = (axis, entry) => (axis.at ? axis.at[entry] : entry);
    this.tell("choose", { row: place(rows, at.row), column: place(columns, at.column), tile: at.tile });
  }

  // Arrows move the cell, Enter chooses it.
  pressed(event) {
    if (event.target !== this.board) return;
    const plan = this.plans[this.shown()[0]];
    const step = STEPS[event.key];
    if (event.key === "Enter" && this.at) this.choose(this.at);
    else if (step) {
      const start = this.at ?? this.pinned() ?? { tile: 0, row: this.data.chosen ?? 0, column: 0 };
      const moved = { ...start };
      if (this.at) {
        moved.row = clamp(start.row + step[0], 0, plan.R - 1);
        moved.column = clamp(start.column + step[1], 0, plan.C - 1);
      }
      moved.row = Math.min(moved.row, plan.R - 1);
      this.point(moved);
    } else return;
    event.preventDefault();
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const sheets = (root.glassformerSheets ??= new Sheets(root));
  sheets.update(data, setTriggerValue);
  const stops = [
    onResize(root, () => {
      if (sheets.width !== root.clientWidth) sheets.draw();
      sheets.width = root.clientWidth;
    }),
    onToken((position, from) => from !== sheets && sheets.mark(position)),
  ];
  return () => stops.forEach((stop) => stop());
}
