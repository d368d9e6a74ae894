// One head's weights before and after, side by side; the second can be drawn on. Uses dom.js, colour.js, arrays.js and
// events.js.

const TELL_AFTER = 350; // ms without a further stroke before Python hears of it
const HEAVIEST = 9;

class Patterns {
  constructor(root) {
    this.root = root;
    this.drawing = false;
    this.tools = element("div", "tools");
    this.hint = element("p", "hint");
    this.readout = readoutLine(""); // below the pictures: its text must not move what is under the mouse
    this.board = element("div", "board");
    // Made once: a click on a canvas that is replaced between pressing and letting go would be lost.
    this.sheets = ["before", "after"].map((name, which) => this.sheet(name, which));
    this.board.append(...this.sheets.map(({ figure }) => figure));
    root.replaceChildren(this.tools, this.hint, this.board, this.readout);
  }

  update(data, tell) {
    this.data = data;
    this.tell = tell;
    this.n = data.tokens.length;
    this.weights = [float32(data.before), float32(data.after)];
    this.allowed = data.allowed.map((mask) => bits(mask, this.n * this.n));
    const cells = Object.fromEntries(data.drawn.map(([query, key, weight]) => [[query, key], weight]));
    const code = JSON.stringify(Object.entries(cells).sort());
    const place = `${data.labels.head} ${data.tokens}`;
    // Strokes that are still on their way to Python count.
    if (place !== this.place || this.waiting === undefined || this.waiting === code) {
      this.cells = cells;
      this.waiting = undefined;
    }
    this.place = place;
    this.colourTable = colourTable(data.colours.scale);
    setColours(this.root, data.colours);
    this.draw();
  }

  draw() {
    const { labels } = this.data;
    const pen = element("button", "tool pen", labels.draw);
    pen.setAttribute("aria-pressed", String(this.drawing));
    pen.onclick = () => {
      this.drawing = !this.drawing;
      this.draw();
    };
    const clear = element("button", "tool clear", labels.clear);
    clear.disabled = !Object.keys(this.cells).length;
    clear.onclick = () => {
      this.cells = {};
      this.changed(0);
    };
    this.tools.replaceChildren(element("strong", "", labels.head), pen, clear);
    this.hint.textContent = this.drawing ? labels.how : labels.point;
    this.places = this.geometry();
    this.sheets.forEach(({ caption, canvas, name }, which) => {
      caption.textContent = labels[name];
      describe(canvas, "img", `${labels[name]}, ${labels.axes}`);
      this.paint(canvas, which, this.places);
    });
    this.sheets[1].canvas.classList.toggle("drawing", this.drawing);
  }

  sheet(name, which) {
    const figure = element("figure", name);
    const caption = element("figcaption");
    const canvas = element("canvas");
    figure.append(caption, canvas);
    const cellAt = (event) => {
      const { left, top, cell } = this.places;
      const area = canvas.getBoundingClientRect();
      const column = Math.floor((event.clientX - area.left - left) / cell);
      const row = Math.floor((event.clientY - area.top - top) / cell);
      return row >= 0 && column >= 0 && row < this.n && column < this.n ? [row, column] : null;
    };
    canvas.onpointermove = (event) => this.point(cellAt(event));
    canvas.onpointerleave = () => this.point(null);
    canvas.onclick = (event) => {
      const at = cellAt(event);
      if (!at) return;
      if (this.drawing && which === 1) this.stroke(...at, event.shiftKey ? -1 : 1);
      else this.tell("choose", this.data.first + at[0]);
    };
    if (which === 1) {
      canvas.tabIndex = 0;
      canvas.onkeydown = (event) => this.pressed(event);
    }
    return { figure, caption, canvas, name };
  }

  geometry() {
    const pen = element("canvas").getContext("2d");
    pen.font = `${FONT_SIZE}px ${getComputedStyle(this.root).fontFamily}`;
    const widest = Math.min(110, Math.max(...this.data.tokens.map((token) => pen.measureText(token).width)) + 8);
    const wide = this.root.clientWidth || 600;
    const room = (wide >= 480 ? wide / 2 - 12 : wide) - widest;
    const cell = clamp(Math.floor(Math.min(room, tallPicture(300)) / this.n), 5, 44);
    return { left: Math.ceil(widest), top: Math.ceil(widest), cell };
  }

  paint(canvas, which, { left, top, cell }) {
    const { n, data } = this;
    const { colours, tokens } = data;
    const pen = sharpCanvas(canvas, left + n * cell + 2, top + n * cell + 2);
    pen.font = `${FONT_SIZE}px ${getComputedStyle(this.root).fontFamily}`;
    pen.textBaseline = "middle";
    const every = Math.ceil(18 / cell);
    for (let i = 0; i < n; i++) {
      const marked = data.first + i === data.selected;
      if (i % every && !marked) continue;
      pen.fillStyle = marked ? colours.query : colours.ink;
      pen.textAlign = "right";
      pen.fillText(cutText(pen, tokens[i], left - 6), left - 5, top + (i + 0.5) * cell);
      pen.save();
      pen.fillStyle = colours.ink;
      pen.translate(left + (i + 0.5) * cell, top - 5);
      pen.rotate(-Math.PI / 2);
      pen.textAlign = "left";
      pen.fillText(cutText(pen, tokens[i], top - 6), 0, 0);
      pen.restore();
    }
    const gap = cell > 8 ? 1 : 0;
    for (let row = 0; row < n; row++) {
      for (let column = 0; column < n; column++) {
        const at = row * n + column;
        const [x, y] = [left + column * cell, top + row * cell];
        const colour = colourIn(this.colourTable, this.weights[which][at]);
        pen.fillStyle = this.allowed[which][at] || this.weights[which][at] > 0 ? css(colour) : colours.masked;
        pen.fillRect(x, y, cell - gap, cell - gap);
        const drawn = which === 1 && this.cells[[data.first + row, data.first + column]];
        if (!drawn) continue;
        pen.strokeStyle = colours.drawn;
        pen.lineWidth = 2;
        pen.strokeRect(x + 1, y + 1, cell - 3, cell - 3);
        if (cell < 16) continue;
        pen.fillStyle = inkOn(colour);
        pen.textAlign = "center";
        pen.fillText(String(drawn), x + cell / 2, y + cell / 2 + 1);
      }
    }
    const chosen = data.selected - data.first;
    if (chosen >= 0 && chosen < n) {
      pen.strokeStyle = colours.query;
      pen.lineWidth = 2;
      pen.strokeRect(left - 1, top + chosen * cell - 1, n * cell + 1, cell + 1);
    }
    if (which === 1 && this.drawing && this.at) {
      pen.strokeStyle = colours.accent;
      pen.lineWidth = 3;
      pen.strokeRect(left + this.at[1] * cell, top + this.at[0] * cell, cell, cell);
    }
  }

  point(at) {
    const { labels, tokens, first } = this.data;
    tellToken(at ? first + at[1] : null);
    if (!at) {
      this.readout.textContent = "";
      return;
    }
    const [before, after] = this.weights.map((all) => all[at[0] * this.n + at[1]].toFixed(3));
    this.readout.textContent = fillIn(labels.cell, { query: tokens[at[0]], key: tokens[at[1]], before, after });
  }

  stroke(row, column, by) {
    const place = [this.data.first + row, this.data.first + column];
    const weight = ((this.cells[place] ?? 0) + by + HEAVIEST + 1) % (HEAVIEST + 1);
    this.set(place, weight);
  }

  set(place, weight) {
    if (weight) this.cells[place] = weight;
    else delete this.cells[place];
    this.changed(TELL_AFTER);
  }

  changed(wait) {
    this.waiting = JSON.stringify(Object.entries(this.cells).sort());
    this.draw();
    clearTimeout(this.timer);
    const cells = () => Object.entries(this.cells).map(([place, weight]) => [...place.split(",").map(Number), weight]);
    this.timer = setTimeout(() => this.tell("draw", cells()), wait);
  }

  // Arrows move, digits set the weight.
  pressed(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!this.drawing || (!step && !/^\d$/.test(event.key))) return;
    event.preventDefault();
    const start = clamp(this.data.selected - this.data.first, 0, this.n - 1);
    this.at ??= [start, start];
    if (step) this.at = this.at.map((place, i) => clamp(place + step[i], 0, this.n - 1));
    if (!step) this.set(this.at.map((place) => place + this.data.first), Number(event.key));
    else this.draw();
    this.point(this.at);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const patterns = (root.glassformerPatterns ??= new Patterns(root));
  patterns.update(data, setTriggerValue);
  return onResize(root, () => {
    if (patterns.width !== root.clientWidth) patterns.draw();
    patterns.width = root.clientWidth;
  });
}
