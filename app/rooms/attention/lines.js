// The prompt as text, and lines from the token that looks to those it looks at; one head, or the mean of several.
// Uses dom.js, arrays.js, events.js and numbers.js.

const LEAST = 0.01; // weight from which a line is drawn, and a number written
const LONG = 60; // tokens from which they stand closer
const SHORT = 20; // tokens below which they are large
const SVG = "http://www.w3.org/2000/svg";

class Lines {
  constructor(root) {
    this.root = root;
    this.readout = readoutLine("");
    this.heads = element("div", "heads");
    this.text = element("div", "text");
    this.scroll = element("div", "scroll"); // a long text scrolls in itself, so that the chosen token is in sight
    this.scroll.append(this.text);
    root.replaceChildren(this.heads, this.readout, this.scroll);
    this.picture = document.createElementNS(SVG, "svg");
    this.hover = null;
  }

  update(data, tell) {
    this.data = data;
    this.tell = tell;
    this.weights = float32(data.pattern);
    this.hover = null;
    setColours(this.root, data.colours);
    const { tokens, labels } = data;
    const T = tokens.length;
    this.text.classList.toggle("long", T > LONG);
    this.text.classList.toggle("short", T < SHORT);
    this.words = [...tokens, data.expected].map((token, position) => {
      const next = position === T;
      const word = element("button", `word${next ? " next" : ""}`);
      const number = element("span", "number");
      word.append(element("span", "mark", token), number);
      word.title = next ? labels.append : String(position);
      word.onmouseenter = word.onfocus = () => this.point(position);
      word.onmouseleave = word.onblur = () => this.point(null);
      word.onclick = () => (next ? this.tell("append", true) : this.tell("choose", position));
      word.onkeydown = (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step) this.words[clamp(position + step, 0, T)].focus();
      };
      return word;
    });
    replaceKeepingFocus(this.text, "word", ...this.words, this.picture);
    const named = Array.from({ length: data.count }, (_, head) => {
      const button = element("button", "tool", head);
      button.setAttribute("aria-pressed", String(data.heads.includes(head)));
      button.setAttribute("aria-label", fillIn(labels.head, { head }));
      button.onclick = () => this.toggle(head);
      return button;
    });
    replaceKeepingFocus(this.heads, "tool", element("span", "", labels.heads), ...named);
    this.draw();
    const { scroll } = this;
    if (scroll.scrollHeight > scroll.clientHeight) {
      scroll.scrollTop = this.words[this.looking].offsetTop - 0.6 * scroll.clientHeight;
    }
  }

  toggle(head) {
    const { heads } = this.data;
    const now = heads.includes(head) ? heads.filter((other) => other !== head) : [...heads, head].sort((a, b) => a - b);
    if (now.length) this.tell("heads", { heads: now });
  }

  point(position) {
    this.hover = position;
    tellToken(position !== null && position < this.data.tokens.length ? position : null, this);
    this.draw();
  }

  // The word under the mouse, else the chosen one, else the next token.
  get looking() {
    return this.hover ?? this.marked ?? this.data.chosen ?? this.data.tokens.length;
  }

  draw() {
    const { tokens, labels, heads } = this.data;
    const from = this.looking;
    const row = Math.min(from, tokens.length - 1); // what foretells the next token is the last one's attention
    const weight = (key) => (key <= row ? this.weights[(row * (row + 1)) / 2 + key] : 0);
    const paths = [];
    this.words.forEach((word, position) => {
      const share = position < tokens.length ? weight(position) : 0;
      word.classList.toggle("looks", position === from);
      word.classList.toggle("hidden", position > row && position !== from);
      word.style.setProperty("--weight", `${75 * Math.sqrt(share)}%`);
      word.lastChild.textContent = share >= LEAST ? percent(share) : "";
      if (share >= LEAST && position !== from) paths.push(this.line(from, position, share));
    });
    this.picture.replaceChildren(...paths);
    this.root.dataset.looking = String(from);
    const who = { token: from < tokens.length ? tokens[from] : this.data.expected, heads: heads.join(", ") };
    this.readout.textContent = fillIn(from < tokens.length ? labels.token : labels.next, who);
  }

  line(from, to, share) {
    const place = (word) => [word.offsetLeft + word.offsetWidth / 2, word.offsetTop];
    const [[x0, y0], [x1, y1]] = [place(this.words[from]), place(this.words[to])];
    const up = y0 === y1 ? Math.min(56, 16 + Math.abs(x1 - x0) / 9) : 24;
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", `M ${x0} ${y0} C ${x0} ${y0 - up}, ${x1} ${y1 - up}, ${x1} ${y1}`);
    path.style.strokeWidth = `${1 + 9 * share}px`;
    path.style.opacity = String(0.25 + 0.75 * share);
    path.dataset.key = String(to);
    return path;
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const lines = (root.glassformerLines ??= new Lines(root));
  lines.update(data, setTriggerValue);
  const stops = [
    onToken((position, from) => {
      if (from === lines) return;
      lines.marked = position;
      lines.draw();
    }),
    onResize(root, () => lines.draw()),
  ];
  return () => stops.forEach((stop) => stop());
}
