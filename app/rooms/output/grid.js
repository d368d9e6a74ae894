// Words over layers and positions on a canvas: the best guess after every layer, coloured by its probability.
// Uses dom.js, arrays.js, colour.js, events.js and numbers.js.
export default function ({ data, parentElement, setTriggerValue }) {
  const CELL = { wide: px(92), high: Math.round(px(27)) };
  const { words, columns, rows, labels, colours, start, selected, best, first } = data;
  const root = parentElement.querySelector(".root");
  setColours(root, colours);
  root.style.setProperty("--high", `${CELL.high}px`);
  const places = uint16(data.places);
  const probabilities = float32(data.probabilities);
  const ranks = float32(data.ranks);
  const table = colourTable(data.scale);
  const [R, N] = [rows.length, columns.length];
  let mode = root.dataset.mode ?? "words";

  const readout = readoutLine(labels.point);
  const tools = element("div", "tools");
  const switches = ["words", "ranks"].map((name) => {
    const button = element("button", "tool", labels[name]);
    button.onclick = () => {
      root.dataset.mode = mode = name;
      draw();
    };
    return button;
  });
  tools.append(...switches, legend(labels.low, data.scale, labels.high));
  const top = element("div", "top");
  top.append(readout, tools);

  const names = element("div", "names");
  names.append(element("div", "corner"), ...rows.map((_, i) => element("div", "name", rows[R - 1 - i])));
  const heads = element("div", "heads");
  const chips = columns.map((token, column) => {
    const button = element("button", "chip", token);
    button.title = `${start + column}`;
    button.classList.toggle("selected", column === selected);
    button.onclick = () => setTriggerValue("choose", start + column);
    button.onmouseenter = () => tellToken(start + column);
    button.onmouseleave = () => tellToken(null);
    heads.append(button);
    return button;
  });
  const canvas = element("canvas");
  canvas.tabIndex = 0;
  describe(canvas, "img", labels.group);
  const tip = element("div", "tip");
  tip.hidden = true;
  const picture = element("div", "picture");
  picture.append(heads, canvas);
  const frame = element("div", "frame");
  frame.style.maxHeight = `${tallPicture(data.height)}px`;
  frame.append(names, picture);
  const box = element("div", "box");
  box.append(frame, tip);

  let wide = CELL.wide;
  let hovered = null;
  function draw() {
    switches.forEach((button, i) => button.setAttribute("aria-pressed", String(mode === ["words", "ranks"][i])));
    const room = frame.clientWidth - names.offsetWidth - 2;
    wide = Math.max(CELL.wide, Math.min(px(260), Math.floor(room / N)));
    heads.style.gridTemplateColumns = `repeat(${N}, ${wide}px)`;
    const context = sharpCanvas(canvas, wide * N, CELL.high * R);
    context.font = `${FONT_SIZE}px ${getComputedStyle(root).fontFamily}`;
    context.textBaseline = "middle";
    for (let row = 0; row < R; row++) {
      for (let column = 0; column < N; column++) {
        const at = row * N + column;
        const colour = colourIn(table, probabilities[at * best]);
        const [x, y] = [column * wide, (R - 1 - row) * CELL.high];
        context.fillStyle = css(colour);
        context.fillRect(x, y, wide - 1, CELL.high - 1);
        const settled = ranks[at] === 1;
        context.fillStyle = inkOn(colour);
        const text = mode === "words" ? words[places[at * best]] : `#${ranks[at].toLocaleString("en-US")}`;
        context.fillText(cutText(context, text, wide - (settled ? 22 : 10)), x + 5, y + CELL.high / 2 + 1);
        if (settled) {
          context.beginPath();
          context.arc(x + wide - 10, y + CELL.high / 2, 4, 0, 2 * Math.PI);
          context.fill();
        }
      }
    }
    // Where the final answer leads for the first time.
    context.lineWidth = 3;
    context.strokeStyle = colours.value;
    first.forEach((row, column) => context.strokeRect(column * wide + 1, (R - 1 - row) * CELL.high + 1, wide - 3, CELL.high - 3));
    context.strokeStyle = colours.accent;
    context.lineWidth = 2;
    context.strokeRect(selected * wide, 1, wide - 1, CELL.high * R - 2);
    if (hovered) {
      context.strokeStyle = colours.ink;
      context.strokeRect(hovered.column * wide + 1, (R - 1 - hovered.row) * CELL.high + 1, wide - 3, CELL.high - 3);
    }
  }

  function say(cell) {
    hovered = cell;
    tip.hidden = cell === null;
    readout.textContent = labels.point;
    draw();
    if (!cell) return;
    const at = cell.row * N + cell.column;
    const rank = ranks[at].toLocaleString("en-US");
    readout.textContent = fillIn(labels.tip, { row: rows[cell.row], token: columns[cell.column], position: start + cell.column, rank });
    const lines = Array.from({ length: best }, (_, i) => `${words[places[at * best + i]]}   ${percent(probabilities[at * best + i])}`);
    tip.textContent = [cell.row === first[cell.column] ? labels.first : null, ...lines].filter((line) => line !== null).join("\n");
    const around = box.getBoundingClientRect();
    const grid = canvas.getBoundingClientRect();
    const left = grid.left - around.left + (cell.column + 1) * wide + 6;
    const other = grid.left - around.left + cell.column * wide - tip.offsetWidth - 6;
    tip.style.left = `${left + tip.offsetWidth > around.width ? Math.max(0, other) : left}px`;
    const down = grid.top - around.top + (R - 1 - cell.row) * CELL.high;
    tip.style.top = `${clamp(down, 0, Math.max(0, around.height - tip.offsetHeight))}px`;
  }
  const under = (event) => {
    const { row, column } = cellUnder(event, canvas, R, N);
    return { row: R - 1 - row, column };
  };
  canvas.onmousemove = (event) => {
    const cell = under(event);
    if (hovered && cell.row === hovered.row && cell.column === hovered.column) return;
    if (cell.column !== hovered?.column) tellToken(start + cell.column);
    say(cell);
  };
  canvas.onmouseleave = () => {
    tellToken(null);
    say(null);
  };
  canvas.onclick = (event) => setTriggerValue("choose", start + under(event).column);
  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 0], ArrowDown: [-1, 0] };
  canvas.onkeydown = (event) => {
    if (event.key === "Enter" && hovered) setTriggerValue("choose", start + hovered.column);
    if (!(event.key in moves)) return;
    event.preventDefault();
    const [up, right] = moves[event.key];
    const from = hovered ?? { row: R - 1 - up, column: selected - right };
    say({ row: clamp(from.row + up, 0, R - 1), column: clamp(from.column + right, 0, N - 1) });
  };

  const old = root.querySelector(".frame");
  const scrolled = old && old.dataset.start === String(start) ? [old.scrollLeft, old.scrollTop] : null;
  frame.dataset.start = start;
  const onCanvas = root.getRootNode().activeElement?.tagName === "CANVAS";
  root.replaceChildren(top, box);
  draw();
  if (scrolled) [frame.scrollLeft, frame.scrollTop] = scrolled;
  else frame.scrollLeft = Math.max(0, (selected + 0.5) * wide - (frame.clientWidth - names.offsetWidth) / 2);
  if (onCanvas) canvas.focus({ preventScroll: true });

  const stop = onToken((position) => chips.forEach((chip, column) => chip.classList.toggle("marked", start + column === position)));
  const resized = new ResizeObserver(draw);
  resized.observe(box);
  return () => {
    stop();
    resized.disconnect();
  };
}
