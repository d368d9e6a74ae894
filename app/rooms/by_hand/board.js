// The controller: numbers in, results drawn, one cell chosen in every step. Uses dom.js, colour.js, numbers.js and all
// files beside it; it is the last of them.

const TELL_AFTER = 250; // ms without a further key before Python hears of it
const LIMIT = 99; // as in examples.py
const STACKED = new Set(["dots", "scaled", "masked", "pattern"]); // one matrix for each head

class Board {
  constructor(root) {
    this.root = root;
    this.answers = {}; // by cell, what the reader filled in
  }

  update(data, tell) {
    this.tell = tell;
    this.data = data;
    const code = JSON.stringify(data.inputs);
    // Python's numbers count, except while later ones of ours are still on their way to it.
    if (this.waiting === undefined || this.waiting === code || data.example !== this.example) {
      this.waiting = undefined;
      this.inputs = structuredClone(data.inputs);
    }
    this.example = data.example;
    if (this.cellWaiting === undefined || this.cellWaiting === String(data.cell)) {
      this.cellWaiting = undefined;
      this.cell = data.cell;
    }
    const question = `${code} ${data.hidden}`;
    if (question !== this.question) this.answers = {};
    this.question = question;
    setColours(this.root, data.colours);
    this.root.classList.toggle("wide", data.inputs.x[0].length > 3);
    this.draw();
  }

  get head() {
    return Math.floor(this.cell[2] / this.data.width);
  }

  value(name, row, column) {
    const { results } = this.data;
    return STACKED.has(name) ? results[name][this.head][row][column] : results[name][row][column];
  }

  id(name, row, column) {
    return `${name}-${STACKED.has(name) ? this.head : ""}-${row}-${column}`;
  }

  // A weight that the mask has taken needs no calculation.
  isMasked(name, row, column) {
    return (name === "masked" || name === "pattern") && this.value("masked", row, column) === null;
  }

  asked(name, row, column) {
    return name === this.data.hidden && !this.isMasked(name, row, column);
  }

  // null where nothing was filled in; within what the printed digits can tell counts as right.
  right(name, row, column) {
    const text = this.answers[this.id(name, row, column)];
    if (!text) return null;
    const half = 0.5 * 10 ** -(DIGITS[name] ?? 2);
    return Math.abs(parsed(text) - this.value(name, row, column)) <= half + 1e-9;
  }

  read(name, row, column) {
    if (this.asked(name, row, column) && !this.right(name, row, column)) return "?";
    return shown(name, this.value(name, row, column));
  }

  // Drawn anew; the field that somebody types in keeps what is typed, and the keyboard.
  draw() {
    const { root } = this;
    const active = root.getRootNode().activeElement;
    const kept = active?.dataset?.id && { id: active.dataset.id, value: active.value, from: active.selectionStart, to: active.selectionEnd };
    this.quiet = true;
    root.replaceChildren(this.tools(), this.given(), this.scores());
    const field = kept && root.querySelector(`[data-id="${kept.id}"]`);
    if (field) {
      field.focus({ preventScroll: true });
      if (field.tagName === "INPUT") {
        field.value = kept.value;
        field.setSelectionRange(kept.from, kept.to);
      }
    }
    this.quiet = false;
  }

  tools() {
    const { labels, hidden } = this.data;
    const row = element("div", "tools");
    const buttons = { undo: "undoable", redo: "redoable", reset: "edited" };
    for (const [name, possible] of Object.entries(buttons)) {
      const button = element("button", `tool ${name}`, labels[`tool.${name}`]);
      button.disabled = !this.data[possible];
      button.onclick = () => {
        this.waiting = undefined;
        clearTimeout(this.timer);
        this.tell(name, true);
      };
      row.append(button);
    }
    if (this.data.heads > 1) {
      for (let head = 0; head < this.data.heads; head++) {
        const button = element("button", "tool head", fillIn(labels.head, { head: head + 1 }));
        button.setAttribute("aria-pressed", String(head === this.head));
        button.onclick = () => this.choose(this.cell[0], this.cell[1], head * this.data.width + (this.cell[2] % this.data.width));
        row.append(button);
      }
    }
    this.score = readoutLine(hidden === "none" ? labels.look : this.scoreText());
    row.append(this.score);
    return row;
  }

  scoreText() {
    const { labels, hidden, results } = this.data;
    const rows = STACKED.has(hidden) ? results[hidden][this.head] : results[hidden];
    const asked = rows.flatMap((line, row) => line.map((_, column) => [row, column])).filter(([row, column]) => this.asked(hidden, row, column));
    const right = asked.filter(([row, column]) => this.right(hidden, row, column)).length;
    return fillIn(right === asked.length ? labels["score.all"] : labels.score, { right, count: asked.length });
  }

  given() {
    const row = element("div", "steps");
    row.append(
      this.step("x", [this.edited("x")]),
      this.step("q", [this.edited("q"), this.result("q")]),
      this.step("k", [this.edited("k"), this.result("k")]),
      this.step("v", [this.edited("v"), this.result("v")]),
    );
    return row;
  }

  scores() {
    const row = element("div", "steps");
    const stages = [...STACKED].map((name) => this.step(name, [this.result(name)]));
    row.append(...stages, this.step("z", [this.result("z")]), this.step("out", [this.edited("o"), this.result("out")]));
    return row;
  }

  step(name, matrices) {
    const { labels } = this.data;
    const box = element("section", `step ${name}`);
    const title = element("div", "title", labels[`step.${name}`]);
    const line = element("div", "pair");
    line.append(...matrices);
    box.append(title, element("div", "formula", this.formula(name)), line);
    const sums = element("div", "sum");
    sums.dataset.step = name;
    const lines = sumsOf(this.data, this.cell, labels, (...place) => this.read(...place))[name] ?? [];
    for (const parts of lines) {
      const paragraph = element("div");
      paragraph.append(...parts);
      sums.append(paragraph);
    }
    box.append(sums);
    return box;
  }

  formula(name) {
    const { labels, scaling, width } = this.data;
    if (name === "scaled") return scaling ? `÷ √d = ÷ √${width}` : "× 1";
    return labels[`formula.${name}`];
  }

  edited(name) {
    const numbers = this.inputs[name];
    return matrix({
      name: `w-${name}`,
      label: this.data.labels[`matrix.${name}`],
      rows: numbers.length,
      columns: numbers[0].length,
      rowNames: name === "x" ? TOKENS : null,
      kind: () => "edit",
      text: (row, column) => written(numbers[row][column]),
      look: () => ({}),
      classes: (row, column) => this.partOf(name, row, column),
      choose: (row) => name === "x" && this.choose(row, this.cell[1], this.cell[2]),
      typed: (row, column, field, settled) => this.typed(name, row, column, field, settled),
    });
  }

  result(name) {
    const { labels, results } = this.data;
    const stacked = STACKED.has(name);
    const numbers = stacked ? results[name][this.head] : results[name];
    return matrix({
      name,
      label: labels[`step.${name}`],
      rows: numbers.length,
      columns: numbers[0].length,
      rowNames: TOKENS,
      columnNames: stacked ? TOKENS : null,
      kind: (row, column) => {
        if (this.asked(name, row, column)) return "answer";
        return this.isMasked(name, row, column) ? "masked" : "read";
      },
      text: (row, column) => {
        if (this.asked(name, row, column)) return this.answers[this.id(name, row, column)] ?? "";
        return name === "pattern" && this.isMasked(name, row, column) ? "0" : shown(name, numbers[row][column]);
      },
      look: (row, column) => this.colour(name, row, column),
      classes: (row, column) => [...this.partOf(`=${name}`, row, column), ...this.verdict(name, row, column)],
      choose: (row, column) =>
        this.choose(...(stacked ? [row, column, this.cell[2]] : this.placeOf(name, row, column))),
      typed: (row, column, field, settled) => this.answered(name, row, column, field, settled),
    });
  }

  // Keys and values have a row for each key, everything else for each query.
  placeOf(name, row, column) {
    return name === "k" || name === "v" ? [this.cell[0], row, column] : [row, this.cell[1], column];
  }

  verdict(name, row, column) {
    if (name !== this.data.hidden) return [];
    const right = this.right(name, row, column);
    return right === null ? [] : [right ? "right" : "wrong"];
  }

  colour(name, row, column) {
    const { colours, results, hidden } = this.data;
    if (hidden === name || !STACKED.has(name) || this.isMasked(name, row, column)) return {};
    const number = this.value(name, row, column);
    const all = results[name][this.head].flat().filter((value) => value !== null);
    const largest = Math.max(1e-9, ...all.map(Math.abs));
    const share = name === "pattern" ? number : 0.5 + (0.5 * number) / largest;
    const ground = colourAt(name === "pattern" ? colours.probability : colours.signed, share);
    return { background: css(ground), color: inkOn(ground) };
  }

  // Which part a cell plays in the arithmetic below: "query", "key" or "value" its operands, "chosen" its results.
  partOf(name, row, column) {
    const [i, j, c] = this.cell;
    const own = Math.floor(column / this.data.width) === this.head;
    const parts = {
      x: [row === i && "query", row === j && "key"],
      q: [column === c && "query"],
      k: [column === c && "key"],
      v: [column === c && "value"],
      o: [column === c && "operand"],
      "=q": [row === i && own && "query", row === i && column === c && "chosen"],
      "=k": [row === j && own && "key", row === j && column === c && "chosen"],
      "=v": [column === c && row <= i && "value", row === j && column === c && "chosen"],
      "=pattern": [row === i && column <= i && "operand", row === i && column === j && "chosen"],
      "=z": [row === i && "operand", row === i && column === c && "chosen"],
      "=out": [row === i && column === c && "chosen"],
    };
    return (parts[name] ?? [row === i && column === j && "chosen"]).filter(Boolean);
  }

  choose(i, j, c) {
    if (this.quiet || String([i, j, c]) === String(this.cell)) return;
    this.cell = [i, j, c];
    this.cellWaiting = String(this.cell);
    this.draw();
    clearTimeout(this.cellTimer);
    this.cellTimer = setTimeout(() => this.tell("cell", [...this.cell]), TELL_AFTER);
  }

  typed(name, row, column, field, settled) {
    const number = parsed(field.value);
    field.classList.toggle("wrong", Number.isNaN(number));
    if (Number.isNaN(number)) {
      if (settled) field.value = written(this.inputs[name][row][column]);
      return;
    }
    const kept = Number(clamp(number, -LIMIT, LIMIT).toFixed(2));
    if (settled) field.value = written(kept);
    if (kept !== this.inputs[name][row][column]) {
      this.inputs[name][row][column] = kept;
      this.waiting = JSON.stringify(this.inputs);
    } else if (!settled || this.waiting === undefined) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell("numbers", structuredClone(this.inputs)), settled ? 0 : TELL_AFTER);
  }

  // A settled answer is judged; one that is being typed only once it is right.
  answered(name, row, column, field, settled) {
    this.answers[this.id(name, row, column)] = field.value;
    const right = this.right(name, row, column);
    if (!settled && !right) {
      field.classList.remove("right", "wrong");
      return;
    }
    field.classList.toggle("right", right === true);
    field.classList.toggle("wrong", right === false);
    this.score.textContent = this.scoreText();
    if (right) this.draw();
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const board = (root.glassformerBoard ??= new Board(root));
  board.update(data, setTriggerValue);
}
