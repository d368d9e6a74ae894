// The pattern of one head, among small pictures of all. Uses dom.js, colour.js, arrays.js and numbers.js.
// Which head is looked at, the page keeps for itself: it asks nothing of Python.

const FONT = `${FONT_SIZE}px "Source Sans", "Source Sans 3", "Noto Sans", "Noto Sans CJK SC", sans-serif`;
const SIDE = 300; // px of the large picture's cells, at most; a window higher than 800 px gives all that it has more
const NAMES = 90; // px for the names of tokens, at most
const SETTLED = 100; // steps after which the head that is shown by itself stays the same

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const { labels, colours, tokens } = data;
  setColours(root, colours);
  const [layers, heads, T] = data.shape;
  const values = float32(data.patterns);
  const table = colourTable(colours.probability);
  const weight = (head, query, key) => values[(head * T + query) * T + key];
  if (data.step >= SETTLED) root.dataset.head ??= data.clearest;
  let chosen = Math.min(Number(root.dataset.head ?? data.clearest), layers * heads - 1);

  if (!root.firstChild) {
    const canvas = element("canvas", "large");
    root.append(element("b", "title"), element("div", "heads"), canvas, readoutLine(""), element("div", "look"));
  }
  const part = (name) => root.querySelector(`.${name}`);
  part("look").textContent = labels["sees.look"];
  const canvas = part("large"), readout = part("readout");
  const step = data.step.toLocaleString("en");
  const place = (head) => ({ step, layer: Math.floor(head / heads), head: head % heads });

  const pixels = (head) =>
    pixelCanvas(T, T, (i) => {
      const query = Math.floor(i / T), key = i % T;
      return key > query ? rgb(colours.masked) : colourIn(table, weight(head, query, key));
    });
  const thumbnails = Array.from({ length: layers * heads }, (_, head) => {
    const button = element("button", "thumb");
    button.append(pixels(head));
    button.title = fillIn(labels.head, place(head));
    button.setAttribute("aria-label", button.title);
    button.onclick = () => {
      root.dataset.head = chosen = head;
      paint();
    };
    return button;
  });
  replaceKeepingFocus(part("heads"), "thumb", ...thumbnails);

  function paint() {
    thumbnails.forEach((button, head) => button.setAttribute("aria-pressed", head === chosen));
    part("title").textContent = fillIn(labels.sees, place(chosen));
    const probe = canvas.getContext("2d");
    probe.font = FONT;
    const names = Math.ceil(Math.min(NAMES, Math.max(...tokens.map((token) => probe.measureText(token).width)))) + 8;
    const side = Math.max(120, Math.min(tallPicture(SIDE), root.clientWidth - names - 2));
    const cell = side / T, every = Math.ceil(18 / cell);
    const context = sharpCanvas(canvas, names + side, names + side);
    context.imageSmoothingEnabled = false;
    context.drawImage(pixels(chosen), names, names, side, side);
    context.strokeStyle = colours.grid;
    context.strokeRect(names + 0.5, names + 0.5, side - 1, side - 1);
    context.font = FONT;
    context.fillStyle = colours.ink;
    context.textBaseline = "middle";
    for (let i = 0; i < T; i += every) {
      const name = cutText(context, tokens[i], names - 8);
      context.textAlign = "right";
      context.fillText(name, names - 5, names + (i + 0.5) * cell);
      context.save();
      context.translate(names + (i + 0.5) * cell, names - 5);
      context.rotate(-Math.PI / 2);
      context.textAlign = "left";
      context.fillText(name, 0, 0);
      context.restore();
    }
    describe(canvas, "img", fillIn(labels.sees, place(chosen)));
    canvas.onmousemove = (event) => {
      const area = canvas.getBoundingClientRect();
      const query = Math.floor((event.clientY - area.top - names) / cell);
      const key = Math.floor((event.clientX - area.left - names) / cell);
      const inside = key >= 0 && query < T && key <= query;
      readout.textContent = inside
        ? fillIn(labels.cell, { query: tokens[query], key: tokens[key], weight: percent(weight(chosen, query, key)) })
        : labels.axes;
    };
    canvas.onmouseleave = () => (readout.textContent = labels.axes);
    readout.textContent = labels.axes;
  }
  paint();
  const watcher = new ResizeObserver(paint);
  watcher.observe(root);
  return () => watcher.disconnect();
}
