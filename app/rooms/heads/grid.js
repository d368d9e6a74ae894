// Layers x heads as thumbnails on one canvas; what is sorted, filtered, hovered is answered here.
// Uses dom.js, colour.js, arrays.js, numbers.js and events.js.

const NO_JOB = 255;
const ORDERS = ["layer", "score", "entropy"];
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LARGE = 190; // px, the side of the head that is named
const GAP = 4; // px between thumbnails
const LEAST = 26; // px of a thumbnail with its gap: smaller ones show nothing
const MOST = 150;
const LABEL = 17; // px of a name under a sorted thumbnail
const LONG = 32; // tokens from which small weights are lifted: see `colour`

class HeadsGrid {
  constructor(root) {
    this.root = root;
    this.jobs = element("div", "choices");
    this.orders = element("div", "choices");
    const tools = element("div", "tools");
    tools.append(this.jobs, this.orders);
    this.board = element("div", "board");
    this.board.tabIndex = 0;
    this.base = element("canvas", "base");
    this.marks = element("canvas", "marks");
    this.board.append(this.base, this.marks);
    this.side = element("div", "side");
    this.side.setAttribute("aria-live", "polite");
    this.body = element("div", "body");
    this.body.append(this.board, this.side);
    root.replaceChildren(tools, this.body);
    this.marks.onpointermove = (event) => this.point(this.at(event.offsetX, event.offsetY));
    this.marks.onpointerleave = () => this.point(null);
    this.marks.onclick = (event) => this.open(this.at(event.offsetX, event.offsetY));
    this.board.onkeydown = (event) => this.pressed(event);
    this.board.onblur = () => this.move(null);
    this.hover = this.cursor = null; // index of a head: under the mouse, chosen by the keyboard
    this.shapes = new Map(); // canvases of heads by index, at the size they have now
  }

  update(data, tell) {
    const fresh = !this.data || this.data.pictures !== data.pictures || this.data.side !== data.side;
    this.data = data;
    this.tell = tell;
    if (fresh) {
      this.weights = uint8(data.pictures);
      this.scores = float32(data.scores);
      this.clear = float32(data.clear);
      this.entropy = float32(data.entropy);
      this.hover = this.cursor = null;
    }
    this.count = data.layers * data.heads;
    // Python's arrangement counts, except while a later one of ours is still on its way to it.
    const told = `${data.job} ${data.order}`;
    if (this.waiting === undefined || this.waiting === told) {
      [this.job, this.order, this.waiting] = [data.job, data.order, undefined];
    }
    setColours(this.root, data.colours);
    this.table = colourTable(data.colours.probability, 256);
    this.masked = rgb(data.colours.masked);
    describe(this.board, "application", data.labels.board);
    this.draw();
  }

  score(job, head) {
    return this.scores[job * this.count + head];
  }

  // Heads in the order in which they are drawn; those without the job are left out, or pale in the layers' order.
  get arranged() {
    const all = Array.from({ length: this.count }, (_, head) => head);
    if (this.order === "layer") return all;
    const job = this.data.jobs.indexOf(this.job);
    const value = job < 0 ? (head) => this.clear[head] : (head) => this.score(job, head);
    const key = this.order === "score" ? (head) => -value(head) : (head) => this.entropy[head];
    return all.filter((head) => this.has(head)).sort((a, b) => key(a) - key(b) || a - b);
  }

  has(head) {
    if (this.job === "all") return true;
    const job = this.data.jobs.indexOf(this.job);
    return this.job === "spread" ? this.data.main[head] === NO_JOB : this.data.main[head] === job;
  }

  arrange(words) {
    Object.assign(this, words);
    this.waiting = `${this.job} ${this.order}`;
    this.tell("arrange", { job: this.job, order: this.order });
    this.draw();
  }

  // px that the panel beside the thumbnails leaves them; on a narrow page it stands below.
  get free() {
    const { flexDirection, columnGap } = getComputedStyle(this.body);
    return flexDirection === "column" ? this.width : this.width - this.side.offsetWidth - parseFloat(columnGap);
  }

  // Where everything stands: {columns, cell, left, top, lower}; px.
  layout(heads) {
    const { layers, heads: perLayer } = this.data;
    const width = this.free;
    const height = Math.max(320, window.innerHeight - this.board.getBoundingClientRect().top - window.scrollY - 24);
    if (this.order !== "layer") {
      let cell = Math.min(MOST, width);
      const rows = () => Math.ceil(heads.length / Math.floor(width / cell));
      while (cell > 52 && rows() * (cell + LABEL) > height) cell -= 2;
      return { columns: clamp(Math.floor(width / cell), 1, heads.length || 1), cell, left: 0, top: 0, lower: LABEL, turned: false };
    }
    const [left, top] = [34, 26];
    const fit = (columns, rows) =>
      Math.min((width - left) / columns, Math.max(LEAST, (height - top) / rows), MOST);
    const turned = fit(layers, perLayer) > fit(perLayer, layers); // a column for each layer
    const columns = turned ? layers : perLayer;
    return { columns, cell: fit(columns, this.count / columns), left, top, lower: 0, turned };
  }

  draw() {
    const { data } = this;
    this.width = this.root.clientWidth;
    if (!this.width) return;
    this.choices();
    const heads = this.arranged;
    const place = (this.place = this.layout(heads));
    const step = place.cell + place.lower;
    this.places = new Map(); // head -> [x, y]
    heads.forEach((head, i) => {
      const layer = Math.floor(head / data.heads);
      const [column, row] = this.order !== "layer"
        ? [i % place.columns, Math.floor(i / place.columns)]
        : place.turned ? [layer, head % data.heads] : [head % data.heads, layer];
      this.places.set(head, [place.left + column * place.cell, place.top + row * step]);
    });
    const rows = Math.max(1, Math.ceil(heads.length / place.columns));
    const size = [Math.ceil(place.left + place.columns * place.cell), Math.ceil(place.top + rows * step)];
    sharpCanvas(this.marks, ...size);
    const pen = sharpCanvas(this.base, ...size);
    this.shapes.clear();
    for (const [head, [x, y]] of this.places) {
      pen.globalAlpha = this.has(head) ? 1 : 0.14;
      const side = place.cell - GAP;
      const shape = this.shape(head, Math.round(side * pixelDensity()));
      pen.imageSmoothingEnabled = false;
      pen.drawImage(shape, x, y, side, side);
      pen.globalAlpha = 1;
      if (place.lower) this.write(pen, this.shortName(head), x + side / 2, y + side + LABEL / 2 + 1, "center");
    }
    if (this.order === "layer") this.axes(pen, place, rows);
    if (!heads.length) this.write(pen, data.labels.none, 0, 20, "left");
    this.root.dataset.shown = String(heads.filter((head) => this.has(head)).length);
    this.mark();
  }

  axes(pen, { columns, cell, left, top, turned }, rows) {
    const { labels } = this.data;
    const every = Math.max(1, Math.ceil(24 / cell));
    for (let i = 0; i < columns; i += every) this.write(pen, i, left + (i + 0.5) * cell - GAP / 2, 15, "center");
    for (let i = 0; i < rows; i++) this.write(pen, i, left - 8, top + (i + 0.5) * cell - GAP / 2, "right");
    this.write(pen, turned ? labels.corner.turned : labels.corner.plain, 0, 15, "left");
  }

  write(pen, text, x, y, align) {
    pen.font = `${FONT_SIZE - 1}px ${getComputedStyle(this.root).fontFamily}`;
    pen.fillStyle = this.data.colours.faint;
    pen.textAlign = align;
    pen.textBaseline = "middle";
    pen.fillText(text, x, y);
  }

  // A head's picture `size` pixels wide: a pixel shows the largest weight that it stands for.
  shape(head, size) {
    const { side, tokens } = this.data;
    const cells = (side * (side + 1)) / 2;
    const fine = Math.min(size, side);
    const from = Array.from({ length: fine + 1 }, (_, i) => Math.floor((i * side) / fine));
    return pixelCanvas(fine, fine, (pixel) => {
      const [x, y] = [pixel % fine, Math.floor(pixel / fine)];
      if (x > y) return this.masked;
      let most = 0;
      for (let row = from[y]; row < from[y + 1]; row++) {
        for (let column = from[x]; column < Math.min(from[x + 1], row + 1); column++) {
          most = Math.max(most, this.weights[head * cells + (row * (row + 1)) / 2 + column]);
        }
      }
      return this.table[tokens > LONG ? Math.round(Math.sqrt(most * 255)) : most];
    });
  }

  at(x, y) {
    const side = this.place.cell;
    for (const [head, [left, top]] of this.places) {
      if (x >= left && x < left + side && y >= top && y < top + side + this.place.lower) return head;
    }
    return null;
  }

  point(head) {
    if (head === this.hover) return;
    this.hover = head;
    this.mark();
  }

  move(head) {
    this.cursor = head;
    this.mark();
  }

  get chosen() {
    return this.data.chosen[0] * this.data.heads + this.data.chosen[1];
  }

  mark() {
    const pen = this.marks.getContext("2d");
    pen.clearRect(0, 0, this.marks.width, this.marks.height);
    const frame = (head, colour, width) => {
      if (!this.places.has(head)) return;
      const [x, y] = this.places.get(head);
      const side = this.place.cell - GAP;
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
    };
    frame(this.chosen, this.data.colours.accent, 3);
    const active = this.hover ?? this.cursor;
    if (active !== null) frame(active, this.data.colours.ink, 3);
    this.root.dataset.marked = active === null ? "" : this.pair(active).join(",");
    this.describe(active ?? this.chosen);
  }

  pair(head) {
    return [Math.floor(head / this.data.heads), head % this.data.heads];
  }

  shortName(head) {
    return this.pair(head).join("·");
  }

  // The panel that names a head and says what it does.
  describe(head) {
    const { labels, jobs, main } = this.data;
    const [layer, number] = this.pair(head);
    const job = main[head];
    const large = this.shape(head, this.data.side);
    large.className = "large";
    large.style.width = large.style.height = `${LARGE}px`;
    const table = element("div", "scores");
    jobs.forEach((name, i) => {
      const value = this.score(i, head);
      const bold = i === job ? " main" : "";
      const bar = element("div");
      if (!Number.isNaN(value)) {
        const filled = element("div", "bar");
        filled.style.width = `${100 * value}%`;
        bar.append(filled);
      }
      const written = element("span", `number${bold}`, Number.isNaN(value) ? "–" : percent(value));
      written.dataset.testid = `score-${name}`;
      table.append(element("span", `name${bold}`, labels.jobs[name]), bar, written);
    });
    const says = job === NO_JOB ? labels.nothing : labels.does[jobs[job]];
    const entropy = element("p", "note", fillIn(labels.entropy, { bits: this.entropy[head].toFixed(2) }));
    entropy.dataset.testid = "entropy";
    const notes = [entropy, element("p", "note", labels.open)];
    const name = element("h4", "", fillIn(labels.name, { layer, head: number }));
    describe(large, "img", `${name.textContent}: ${says}`);
    this.side.replaceChildren(name, element("p", "job", says), large, table, ...notes);
  }

  choices() {
    const { labels, jobs, main } = this.data;
    const counts = { all: this.count, spread: main.filter((job) => job === NO_JOB).length };
    for (const [i, name] of jobs.entries()) counts[name] ??= main.filter((job) => job === i).length;
    const choose = (word, name, text) => {
      const button = element("button", "tool", text);
      button.dataset.testid = `${word}-${name}`;
      button.setAttribute("role", "radio");
      button.setAttribute("aria-checked", String(this[word] === name));
      button.onclick = () => this.arrange({ [word]: name });
      return button;
    };
    const named = ["all", ...jobs].map((name) => {
      const button = choose("job", name, `${labels.filters[name]} ${counts[name]}`);
      button.disabled = counts[name] === 0 && this.job !== name;
      return button;
    });
    describe(this.jobs, "radiogroup", labels.jobs.title);
    describe(this.orders, "radiogroup", labels.orders.title);
    replaceKeepingFocus(this.jobs, "tool", element("span", "name", labels.jobs.title), ...named);
    const orders = ORDERS.map((name) => choose("order", name, labels.orders[name]));
    replaceKeepingFocus(this.orders, "tool", element("span", "name", labels.orders.title), ...orders);
  }

  pressed(event) {
    const from = this.cursor ?? (this.places.has(this.chosen) ? this.chosen : this.places.keys().next().value);
    if (from === undefined) return;
    if (event.key === "Enter") this.open(from);
    else if (STEPS[event.key]) {
      const [x, y] = this.places.get(from);
      const [right, down] = STEPS[event.key];
      const { cell, lower } = this.place;
      const next = this.at(x + 1 + right * cell, y + 1 + down * (cell + lower));
      this.move(this.cursor === null ? from : next ?? from);
    } else return;
    event.preventDefault();
  }

  open(head) {
    if (head === null) return;
    const [layer, number] = this.pair(head);
    this.tell("open", { layer, head: number });
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const grid = (root.glassformerGrid ??= new HeadsGrid(root));
  grid.update(data, setTriggerValue);
  return onResize(root, () => grid.width !== root.clientWidth && grid.draw());
}
