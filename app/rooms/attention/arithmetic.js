// The arithmetic of one cell with its real operands: a step for each stage, then every number behind them.
// Defines Arithmetic. Uses dom.js, head.js, formats.js and entries.js.

class Arithmetic {
  constructor(onLetGo) {
    this.root = element("div", "arithmetic");
    this.root.dataset.testid = "arithmetic";
    this.who = element("div", "who");
    this.query = element("span", "token query");
    this.looks = element("span");
    this.key = element("span", "token key");
    this.state = element("span", "state");
    this.letGo = element("button", "tool");
    this.letGo.onclick = onLetGo;
    this.who.append(this.query, this.looks, this.key, this.state, this.letGo);
    this.steps = element("div", "steps");
    this.step = {};
    for (const stage of STAGES) {
      const box = element("div", `step ${stage}`);
      box.hidden = stage === "capped"; // until a layer has a cap
      const name = element("span", "step-name");
      const work = element("span", "work");
      const value = element("output", "result");
      value.dataset.testid = `value-${stage}`;
      const note = element("span", "note");
      box.append(name, work, value, note);
      this.steps.append(box);
      this.step[stage] = { box, name, work, value, note };
    }
    this.entry = 0;
    this.products = new Cards(["query", "key", "product"], "products");
    this.softmax = new Cards(["score", "power", "weight"], "softmax-row");
    this.values = new Cards(["value"], "sums", (entry) => {
      this.entry = entry;
      this.writeValues();
    });
    this.terms = element("p", "terms");
    this.terms.dataset.testid = "value-terms";
    this.productsTotal = element("p", "total");
    this.productsTotal.dataset.testid = "products-total";
    this.softmaxTotal = element("p", "total");
    this.softmaxTotal.dataset.testid = "softmax-total";
    this.parts = {
      products: new Section("products", this.products.root, this.productsTotal),
      softmax: new Section("softmax", this.softmax.root, this.softmaxTotal),
      values: new Section("values", this.values.root, this.terms),
    };
    this.hint = element("p", "hint");
    this.details = element("div", "details");
    this.details.append(...Object.values(this.parts).map((part) => part.root));
    this.root.append(this.hint, this.who, this.steps, this.details);
  }

  // cell: [query, key] or null for the hint; pinned: whether it stays; pointed: whether the mouse is on it.
  show(head, labels, cell, pinned, pointed) {
    this.hint.textContent = labels.hint;
    this.root.classList.toggle("empty", cell === null);
    this.root.dataset.cell = cell ? cell.join(",") : "";
    this.root.dataset.pinned = String(Boolean(cell && pinned));
    this.letGo.textContent = labels.unpin;
    this.letGo.hidden = !pinned;
    for (const stage of STAGES) {
      this.step[stage].box.hidden = !head.stages.includes(stage);
      this.step[stage].name.textContent = labels[stage] ?? "";
    }
    this.steps.style.setProperty("--count", head.stages.length);
    if (cell === null) return;
    Object.assign(this, { head, labels, cell });
    const [query, key] = cell;
    this.query.textContent = `${head.tokens[query]} (${query})`;
    this.looks.textContent = labels.looks;
    this.key.textContent = `${head.tokens[key]} (${key})`;
    const state = pinned ? (pointed ? labels.again : labels.pinned) : labels.hovered;
    this.state.textContent = fillIn(state, { token: head.tokens[query] });
    this.writeSteps();
    this.writeProducts();
    this.writeSoftmax();
    this.writeValues();
  }

  write(stage, work, note = "") {
    const step = this.step[stage];
    const value = this.head.at(stage, ...this.cell);
    step.work.textContent = work;
    step.value.textContent = `= ${decimal(value)}`;
    step.value.dataset.value = String(value);
    step.note.textContent = note;
  }

  writeSteps() {
    const { head, labels } = this;
    const [query, key] = this.cell;
    const { Dh, scale } = head;
    const dot = head.at("dot", query, key);
    const scaled = head.at("scaled", query, key);
    const allowed = !head.isMasked("masked", query, key);
    this.write("dot", "q · k = Σ qᵢ kᵢ", fillIn(labels["dot.note"], { count: Dh }));
    const root = Math.sqrt(Dh);
    if (Math.abs(scale * root - 1) < 1e-5) {
      const value = Number.isInteger(root) ? `= ${root}` : `≈ ${decimal(root)}`;
      this.write("scaled", `${decimal(dot)} ÷ √${Dh}`, `√${Dh} ${value}`);
    } else this.write("scaled", `${decimal(dot)} × ${decimal(scale)}`, labels["scaled.other"]);
    const forbidden = key > query ? labels["masked.later"] : labels["masked.window"];
    const why = fillIn(allowed ? labels["masked.why"] : forbidden, { query, key });
    if (head.cap !== null) this.write("capped", `${head.cap} · tanh(${decimal(scaled)} ÷ ${head.cap})`);
    this.write("masked", labels[allowed ? "masked.kept" : "masked.gone"], why);
    const row = head.row(query);
    this.row = row;
    if (allowed) {
      const score = head.at("masked", query, key);
      const power = Math.exp(score - row.max);
      const work = `exp(${decimal(score)} − ${operand(row.max)}) ÷ Σ`;
      this.write("softmax", work, `${decimal(power)} ÷ ${decimal(row.sum)}`);
    } else this.write("softmax", "exp(−∞) ÷ Σ", `0 ÷ ${decimal(row.sum)}`);
  }

  writeProducts() {
    const { head, labels } = this;
    const [query, key] = this.cell;
    const rows = [];
    for (let i = 0; i < head.Dh; i++) {
      const [q, k] = [head.query[query * head.Dh + i], head.key[key * head.Dh + i]];
      rows.push({ name: i, numbers: [decimal(q, 3), decimal(k, 3), decimal(q * k, 3)], weight: q * k });
    }
    this.parts.products.title.textContent = fillIn(labels["products.title"], { count: head.Dh });
    this.products.fill(rows);
    const total = decimal(head.at("dot", query, key));
    this.productsTotal.textContent = fillIn(labels["products.total"], { count: head.Dh, total });
  }

  writeSoftmax() {
    const { head, labels, row } = this;
    const [query, key] = this.cell;
    const rows = row.keys.map((at, i) => ({
      name: head.tokens[at],
      numbers: [head.at("masked", query, at), row.powers[i], head.at("softmax", query, at)].map((x) => decimal(x, 3)),
      weight: head.at("softmax", query, at),
    }));
    if (head.sink !== null) {
      const numbers = [head.sink, Math.exp(head.sink - row.max), head.rest[query]].map((x) => decimal(x, 3));
      rows.push({ name: labels.sink, numbers, weight: head.rest[query] });
    }
    const titled = { token: head.tokens[query], count: row.keys.length };
    this.parts.softmax.title.textContent = fillIn(labels["softmax.title"], titled);
    this.softmax.fill(rows, row.keys.indexOf(key));
    const totals = { max: decimal(row.max), sum: decimal(row.sum), hidden: head.T - row.keys.length };
    const parts = { sink: decimal(head.sink ?? 0), share: decimal(head.rest[query]) };
    const sink = head.sink === null ? "" : ` ${fillIn(labels["softmax.sink"], parts)}`;
    this.softmaxTotal.textContent = fillIn(labels["softmax.total"], totals) + sink;
  }

  writeValues() {
    const { head, labels, row } = this;
    const [query] = this.cell;
    const { Dv } = head;
    this.entry = Math.min(this.entry, Dv - 1);
    const rows = [];
    for (let j = 0; j < Dv; j++) {
      const sum = head.result[query * Dv + j];
      rows.push({ name: j, numbers: [decimal(sum, 3)], weight: sum });
    }
    this.parts.values.title.textContent = fillIn(labels["values.title"], { token: head.tokens[query], count: Dv });
    this.values.fill(rows, this.entry);
    const terms = row.keys.map((key) => [head.at("softmax", query, key), head.value[key * Dv + this.entry]]);
    terms.sort((a, b) => Math.abs(b[0] * b[1]) - Math.abs(a[0] * a[1]));
    const sum = terms.map(([weight, value]) => `${decimal(weight, 3)}·${operand(value, 3)}`).join(" + ");
    const entry = fillIn(labels["values.entry"], { entry: this.entry });
    this.terms.textContent = `${entry} ${sum} = ${decimal(head.result[query * Dv + this.entry])}`;
  }
}
