// The controller: what is shown, what the mouse and keys do, and what Python is told.
// Uses dom.js, events.js and all files beside it; it is the last of them.

const TELL_AFTER = 220; // ms without a further key press before Python hears of a moved pin
const LARGEST_CELL = 92;
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

class StagesView {
  constructor(root) {
    this.root = root;
    this.pin = this.hover = this.token = this.brush = this.chosen = null;
    this.tools = element("div", "tools");
    this.look = element("p", "look");
    this.mini = element("canvas", "mini");
    this.mini.onpointerdown = this.mini.onpointermove = (event) => event.buttons && this.moveView(event);
    this.tools.append(this.look, this.mini);
    this.buttons = {};
    const acts = {
      nearer: () => this.zoom(0.6),
      farther: () => this.zoom(1 / 0.6),
      whole: () => this.zoom(Infinity),
      shade: () => this.shade(),
      save: () => this.save(),
    };
    for (const [name, act] of Object.entries(acts)) {
      const button = element("button", `tool ${name}`);
      button.dataset.testid = `tool-${name}`;
      button.onclick = act;
      this.buttons[name] = button;
      this.tools.append(button);
    }
    this.board = element("div", "board");
    this.board.tabIndex = 0;
    this.board.setAttribute("role", "group");
    this.board.onkeydown = (event) => this.pressed(event);
    this.panels = Object.fromEntries(STAGES.map((stage) => [stage, new Panel(stage, this)]));
    this.arithmetic = new Arithmetic(() => this.setPin(null, true));
    this.body = element("div", "body");
    this.body.append(this.board, this.arithmetic.root);
    root.replaceChildren(this.tools, this.body);
    this.onEscape = (event) => {
      const typing = document.activeElement?.matches("input, textarea, [contenteditable]");
      if (event.key === "Escape" && this.pin && !typing) this.setPin(null, true);
    };
    this.stops = []; // of what it listens to while it is on the page
  }

  connect() {
    document.addEventListener("keydown", this.onEscape);
    this.stops = [
      onToken((position, from) => {
        if (from === this) return;
        this.token = position;
        this.markAll();
      }),
      onResize(this.root, () => this.width !== this.root.clientWidth && this.data && this.draw()),
    ];
  }

  disconnect() {
    document.removeEventListener("keydown", this.onEscape);
    this.stops.forEach((stop) => stop());
    this.stops = [];
  }

  update(data, tell) {
    const before = this.data;
    this.tell = tell;
    this.data = data;
    this.labels = data.labels;
    this.chosen = data.chosen;
    const newPrompt = !before || String(before.tokens) !== String(data.tokens);
    const arrays = ["dot", "pattern", "query", "key", "value", "rest"];
    const sameArrays = () => arrays.every((name) => before[name] === data[name]);
    if (newPrompt || !sameArrays()) this.head = new Head(data);
    const T = this.head.T;
    if (newPrompt) {
      this.view = { row: 0, column: 0, n: T };
      this.hover = this.token = null;
      this.waiting = undefined;
      clearTimeout(this.timer);
    }
    // Python's pin counts, except while a later one of ours is still on its way to it.
    if (this.waiting === undefined) this.pin = data.pin;
    else if (String(this.waiting) === String(data.pin)) this.waiting = undefined;
    if (newPrompt && this.pin) this.reveal(this.pin);
    this.look.textContent = data.labels.look;
    this.board.setAttribute("aria-label", data.labels.board);
    for (const [name, button] of Object.entries(this.buttons)) {
      button.textContent = data.labels[`tool.${name}${name === "shade" && data.root ? ".linear" : ""}`];
      button.title = data.labels[`tool.${name}.help`];
      button.setAttribute("aria-label", button.title);
    }
    const style = getComputedStyle(this.root);
    this.palette = new Palette({ ...data.colours, font: style.fontFamily });
    this.palette.root = data.root;
    this.root.dataset.scale = data.root ? "root" : "linear";
    setColours(this.root, data.colours);
    this.draw();
  }

  get shown() {
    return this.data.shown === "all" ? this.head.stages : [this.data.shown];
  }

  draw() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    const alone = this.shown.length === 1;
    this.root.classList.toggle("alone", alone);
    this.root.classList.toggle("many", this.shown.length > 4);
    const panels = this.shown.map((stage) => this.panels[stage]);
    // Only where they changed: a canvas put back in place would never hear that the mouse left it.
    const figures = panels.map((panel) => panel.figure);
    const { children } = this.board;
    if (figures.length !== children.length || figures.some((figure, i) => figure !== children[i])) {
      this.board.replaceChildren(...figures);
    }
    const pen = this.panels.dot.base.getContext("2d");
    pen.font = `600 ${labelSize()}px ${this.palette.font}`;
    const { view, head } = this;
    const widest = Math.max(...head.tokens.map((token) => pen.measureText(token).width));
    const axes = [`${this.labels.key} →`, `${this.labels.query} ↓`].map((name) => pen.measureText(name).width);
    const left = Math.ceil(Math.min(124, Math.max(48, widest + 20, Math.max(...axes) + 14)));
    const gap = 18;
    // Where they do not fit beside each other, they wrap.
    const abreast = alone ? 1 : this.width >= 900 ? panels.length : this.width >= 520 ? 2 : 1;
    const beside = alone && this.width >= 900; // the arithmetic stands beside the one matrix
    const across = beside ? this.width * 0.52 - left : (this.width - left - (abreast - 1) * gap - abreast * 4) / abreast;
    const down = Math.max(220, window.innerHeight - (alone ? 460 : abreast >= 4 ? 558 : 260));
    const roomy = Math.min(across, down, view.n * LARGEST_CELL);
    const aside = this.shown.includes("softmax") ? sinkRoom(head, roomy / view.n) / abreast : 0;
    const side = Math.max(120, Math.min(across - aside, down, view.n * LARGEST_CELL));
    const fine = side / view.n;
    const cell = fine >= 8 ? Math.floor(fine) : fine;
    const upright = cell >= Math.min(widest + 6, 72);
    const top = upright ? 48 : Math.ceil(Math.min(96, Math.max(50, widest + 14)));
    panels.forEach((panel, i) => panel.draw({ left: i % abreast ? 3 : left, top, cell, upright }));
    this.drawMini();
    this.markAll();
    this.write();
  }

  drawMini() {
    const { head, view, palette, mini } = this;
    const zoomed = view.n < head.T;
    mini.hidden = !zoomed;
    this.buttons.whole.disabled = this.buttons.farther.disabled = !zoomed;
    this.buttons.nearer.disabled = view.n <= Math.min(SMALLEST_VIEW, head.T);
    for (const name of ["nearer", "farther", "whole"]) this.buttons[name].hidden = head.T <= 8;
    if (!zoomed) return;
    const side = 64;
    const unit = side / head.T;
    const pen = sharpCanvas(mini, side, side);
    paintFine(pen, head, palette, "softmax", { row: 0, column: 0, n: head.T }, 0, 0, unit, pixelDensity());
    pen.strokeStyle = palette.accent;
    pen.lineWidth = 2;
    pen.strokeRect(view.column * unit, view.row * unit, view.n * unit, view.n * unit);
  }

  markAll() {
    for (const stage of this.shown) this.panels[stage].mark();
  }

  write() {
    const cell = this.hover || this.pin;
    const held = this.pin !== null && String(cell) === String(this.pin);
    this.arithmetic.show(this.head, this.labels, cell, held, this.hover !== null);
  }

  // At most once a frame, however many times the mouse reports.
  soon() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.markAll();
      this.write();
    });
  }

  setHover(cell) {
    if (String(cell) === String(this.hover)) return;
    this.hover = cell;
    tellToken(cell ? cell[1] : null, this);
    this.soon();
  }

  setPin(cell, now) {
    this.pin = cell;
    if (cell) this.reveal(cell);
    this.waiting = cell;
    this.draw();
    clearTimeout(this.timer);
    const send = () => this.tell("pin", { query: cell ? cell[0] : null, key: cell ? cell[1] : null });
    if (now) send();
    else this.timer = setTimeout(send, TELL_AFTER);
  }

  reveal([query, key]) {
    const { view } = this;
    const moved = (start, at) => (at < start ? at : at >= start + view.n ? at - view.n + 1 : start);
    this.view = { ...view, row: moved(view.row, query), column: moved(view.column, key) };
  }

  setView(row, column, n) {
    const T = this.head.T;
    const size = clamp(Math.round(n), Math.min(SMALLEST_VIEW, T), T);
    const within = (start) => clamp(Math.round(start), 0, T - size);
    this.view = { row: within(row), column: within(column), n: size };
    this.draw();
  }

  zoom(factor, centre) {
    const { view } = this;
    const [query, key] = centre || this.hover || this.pin || [view.row + view.n * 0.5, view.column + view.n * 0.5];
    const n = Math.min(this.head.T, view.n * factor);
    // The cell under the mouse stays where it is.
    this.setView(query - ((query - view.row) * n) / view.n, key - ((key - view.column) * n) / view.n, n);
  }

  moveView(event) {
    const unit = this.head.T / this.mini.clientHeight;
    this.setView(event.offsetY * unit - this.view.n / 2, event.offsetX * unit - this.view.n / 2, this.view.n);
  }

  enlarge(stage) {
    this.tell("enlarge", this.data.shown === stage ? "all" : stage);
  }

  pressed(event) {
    const move = MOVES[event.key];
    if (!move || event.target !== this.board) return;
    event.preventDefault();
    const last = this.head.T - 1;
    const from = this.pin || [this.chosen ?? last, this.head.strongest(this.chosen ?? last)];
    const to = this.pin ? from.map((at, i) => clamp(at + move[i], 0, last)) : from;
    this.hover = null;
    this.setPin(to, false);
  }

  // The other scale of the weights' colours.
  shade() {
    this.tell("shade", this.data.root ? "linear" : "root");
  }

  save() {
    download(exportPicture(this, this.shown.map((stage) => this.panels[stage])), this.data.file);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const view = (root.glassformerView ??= new StagesView(root));
  view.disconnect();
  view.connect();
  view.update(data, setTriggerValue);
  return () => view.disconnect();
}
