// Lists of numbers as small cards that wrap: entries of vectors, keys of a row. Defines Cards, Section. Uses dom.js.

const OUTSTANDING = 5; // cards marked as the largest contributors

// Cards of one shape, kept and refilled with `fill`.
// A card shows `kinds.length` numbers, each with the class of its kind (query, key, value ...).
class Cards {
  constructor(kinds, className, onChoose) {
    this.kinds = kinds;
    this.onChoose = onChoose;
    this.root = element("div", `cards ${className}`);
    this.cards = [];
  }

  addCard() {
    const box = element(this.onChoose ? "button" : "div", "card");
    if (this.onChoose) {
      const index = this.cards.length;
      box.onclick = () => this.onChoose(index);
    }
    const name = element("span", "name");
    const lines = this.kinds.map((kind) => element("span", kind));
    box.append(name, ...lines);
    this.cards.push({ box, name, lines });
  }

  // rows: [{name, numbers: [text], weight}]; the cards with the largest |weight| are marked.
  fill(rows, current = -1) {
    const order = rows.map((_, i) => i).sort((a, b) => Math.abs(rows[b].weight) - Math.abs(rows[a].weight));
    const outstanding = new Set(order.slice(0, OUTSTANDING).filter((i) => rows[i].weight !== 0));
    const most = Math.abs(rows[order[0]]?.weight ?? 0) || 1;
    while (this.cards.length < rows.length) this.addCard();
    this.cards.forEach(({ box, name, lines }, i) => {
      const row = rows[i];
      if (!row) {
        box.remove();
        return;
      }
      if (box.parentNode !== this.root) this.root.append(box);
      name.textContent = row.name;
      lines.forEach((line, j) => {
        line.textContent = row.numbers[j];
      });
      box.style.setProperty("--share", `${(100 * Math.abs(row.weight)) / most}%`);
      box.classList.toggle("negative", row.weight < 0);
      box.classList.toggle("outstanding", outstanding.has(i));
      box.classList.toggle("current", i === current);
    });
  }
}

// A section of the arithmetic: a title over its cards and their total.
class Section {
  constructor(name, ...children) {
    this.root = element("section", `part ${name}`);
    this.root.dataset.testid = `part-${name}`;
    this.title = element("h5");
    this.root.append(this.title, ...children);
  }
}
