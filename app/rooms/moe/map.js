// One layer: a row for each token, a column for each expert, the load of each expert below.
// Uses dom.js, colour.js, arrays.js, events.js and numbers.js.
const READ = 16; // experts whose numbers are read in the cells

const brief = (value) => value.toFixed(value >= 9.995 ? 1 : 2);

// `text` in lines at most `width` px wide.
function cutLines(context, text, width) {
  const lines = [""];
  for (const word of text.split(/(?<=[\s、，（\u4e00-\u9fff])/)) {
    if (context.measureText(lines.at(-1) + word).width > width && lines.at(-1)) lines.push("");
    lines[lines.length - 1] += word;
  }
  return lines;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const ROW = { least: Math.round(px(22)), most: px(40) };
  const [HEAD, FOOT, NAMES] = [30, 104, 132].map(px); // the experts' names, the bars of the load, the tokens' column
  const CELL = px(50); // least width of a cell, where its number stands in it; the picture scrolls rather than lose it
  const { tokens, labels, colours, load, most } = data;
  const root = parentElement.querySelector(".root");
  const [T, E] = [tokens.length, load.length];
  const tables = { weights: float32(data.weights), scores: float32(data.scores) }; // each (T, E)
  const height = tallPicture(data.height);
  const row = clamp(Math.floor((height - HEAD - FOOT) / T), ROW.least, ROW.most);
  root.style.setProperty("--grid", colours.grid);

  const readout = readoutLine(labels.point);
  const [head, body, foot] = ["experts", "group", "load"].map((name) =>
    describe(element("canvas"), "img", labels[name]),
  );
  const frame = element("div", "frame");
  frame.style.maxHeight = `${Math.max(3 * row, height - HEAD - FOOT)}px`;
  frame.append(body);
  const scrolled = root.querySelector(".frame")?.scrollTop;
  let shown = root.dataset.shown ?? "weights";
  const choice = element("div", "choice");
  const buttons = ["weights", "scores"].map((name) => {
    const button = element("button", "", labels[name]);
    button.onclick = () => {
      shown = root.dataset.shown = name;
      draw(null);
    };
    choice.append(button);
    return button;
  });
  const top = element("div", "top");
  top.append(readout, choice);
  const sheet = element("div", "sheet");
  sheet.append(head, frame, foot);
  root.replaceChildren(top, sheet);

  const family = getComputedStyle(root).fontFamily;
  const columns = E + (data.shared ? 1 : 0);
  let [cell, width] = [0, 0];
  const left = (e) => NAMES + e * cell + (e === E ? 8 : 0); // the shared experts stand apart
  let hovered = null;

  function draw(marked) {
    if (!sheet.clientWidth) return;
    const least = E <= READ ? NAMES + 8 + columns * CELL : 0;
    frame.style.width = `${Math.max(sheet.clientWidth, least)}px`;
    width = frame.clientWidth; // less than that by its scrollbar
    cell = (width - NAMES - 8) / columns;
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(["weights", "scores"][i] === shown)));
    drawHead();
    drawBody(marked);
    drawFoot();
  }

  function drawHead() {
    const context = sharpCanvas(head, width, HEAD);
    context.textBaseline = "middle";
    context.font = `600 ${FONT_SIZE}px ${family}`;
    context.textAlign = "center";
    const every = Math.ceil(px(30) / cell);
    for (let e = 0; e < E; e++) {
      context.fillStyle = inTurn(colours.experts, e);
      context.fillRect(left(e) + 1, HEAD - 5, Math.max(1, cell - 2), 4);
      context.fillStyle = colours.ink;
      const name = cell > px(84) ? fillIn(labels.expert, { expert: e }) : e;
      if (e % every === 0) context.fillText(name, left(e) + cell / 2, HEAD / 2 - 2);
    }
    if (data.shared) {
      context.fillStyle = colours.faint;
      context.fillRect(left(E), HEAD - 5, cell - 8, 4);
      context.fillStyle = colours.ink;
      context.textAlign = "right";
      const fits = context.measureText(labels.shared).width <= cell + 8;
      context.fillText(fits ? labels.shared : labels.name, width, HEAD / 2 - 2);
    }
    context.textAlign = "left";
    context.font = `${FONT_SIZE}px ${family}`;
    context.fillStyle = colours.faint;
    context.fillText(labels.token, 6, HEAD / 2 - 2);
  }

  function drawBody(marked) {
    const font = row >= px(34) ? FONT_SIZE + 3 : FONT_SIZE;
    const context = sharpCanvas(body, width, T * row);
    context.textBaseline = "middle";
    const values = tables[shown];
    const end = shown === "weights" ? most : 1;
    for (let t = 0; t < T; t++) {
      const y = t * row;
      if (t === data.selected || t === marked) {
        context.fillStyle = t === data.selected ? colours.own : colours.faint;
        context.fillRect(0, y + 1, 4, row - 2);
      }
      context.font = `${t === data.selected ? 600 : 400} ${font}px ${family}`;
      context.fillStyle = colours.ink;
      context.textAlign = "left";
      context.fillText(cutText(context, tokens[t], NAMES - 18), 10, y + row / 2);
      context.font = `600 ${font}px ${family}`;
      context.textAlign = "center";
      for (let e = 0; e < E; e++) {
        const value = values[t * E + e];
        const chosen = !Number.isNaN(tables.weights[t * E + e]);
        const colour = Number.isNaN(value) ? rgb(colours.masked) : colourAt(colours.scale, value / end);
        context.fillStyle = css(colour);
        context.fillRect(left(e) + 1, y + 1, Math.max(1, cell - 2), row - 2);
        if (chosen && cell > 14) {
          context.lineWidth = 3;
          context.strokeStyle = inTurn(colours.experts, e);
          context.strokeRect(left(e) + 2.5, y + 2.5, cell - 5, row - 5);
        }
        if (!Number.isNaN(value) && cell >= CELL - 4) {
          context.fillStyle = inkOn(colour);
          context.fillText(brief(value), left(e) + cell / 2, y + row / 2 + 1);
        }
      }
      if (data.shared) {
        context.fillStyle = colours.faint;
        context.fillRect(left(E), y + 1, cell - 8, row - 2);
        if (cell >= CELL - 4) {
          context.fillStyle = colours.paper;
          context.fillText(labels.on, left(E) + cell / 2 - 4, y + row / 2 + 1);
        }
      }
    }
  }

  function drawFoot() {
    const context = sharpCanvas(foot, width, FOOT);
    context.textBaseline = "middle";
    const tall = FOOT - px(34);
    const highest = Math.max(2 / E, ...load);
    context.font = `${FONT_SIZE}px ${family}`;
    context.fillStyle = colours.ink;
    cutLines(context, labels.load, NAMES - 12).forEach((line, i) => context.fillText(line, 6, px(20 + 19 * i)));
    context.textAlign = "center";
    for (let e = 0; e < E; e++) {
      const high = (tall * load[e]) / highest;
      context.fillStyle = inTurn(colours.experts, e);
      context.fillRect(left(e) + cell * 0.18, FOOT - px(24) - high, cell * 0.64, high);
      context.fillStyle = colours.ink;
      if (cell >= CELL - 4) context.fillText(percent(load[e]), left(e) + cell / 2, FOOT - px(11));
    }
    const even = FOOT - px(24) - tall / (E * highest);
    context.strokeStyle = colours.ink;
    context.lineWidth = 1.5;
    context.setLineDash([6, 4]);
    context.beginPath();
    context.moveTo(NAMES, even);
    context.lineTo(left(E) - (data.shared ? 8 : 0), even);
    context.stroke();
    context.setLineDash([]);
    if (data.shared && cell >= CELL - 4) context.fillText(percent(1), left(E) + cell / 2 - 4, FOOT - px(11));
  }

  function under(event) {
    const box = body.getBoundingClientRect();
    const t = Math.min(T - 1, Math.max(0, Math.floor((event.clientY - box.top) / row)));
    return { t, e: Math.floor((event.clientX - box.left - NAMES) / cell) };
  }

  body.onmousemove = (event) => {
    const { t, e } = under(event);
    if (hovered !== t) {
      hovered = t;
      tellToken(t);
    }
    if (e < 0) readout.textContent = `${t} · ${tokens[t]}`;
    else if (e >= E) readout.textContent = fillIn(labels.always, { token: tokens[t] });
    else {
      const [weight, score] = [tables.weights[t * E + e], tables.scores[t * E + e]];
      const words = Number.isNaN(weight) ? labels.unchosen : labels.cell;
      const numbers = { score: score.toFixed(4), weight: weight.toFixed(4) };
      readout.textContent = fillIn(words, { token: tokens[t], expert: e, ...numbers });
    }
  };
  body.onmouseleave = () => {
    hovered = null;
    tellToken(null);
    readout.textContent = labels.point;
  };
  foot.onmousemove = (event) => {
    const e = Math.floor((event.clientX - foot.getBoundingClientRect().left - NAMES) / cell);
    const loaded = () => fillIn(labels.loaded, { expert: e, share: percent(load[e]) });
    readout.textContent = e >= 0 && e < E ? loaded() : labels.point;
  };
  foot.onmouseleave = () => (readout.textContent = labels.point);
  body.onclick = (event) => setTriggerValue("choose", under(event).t);
  const stop = drawWithToken(root, draw);
  // After drawing: a canvas not yet drawn has no height.
  frame.scrollTop = scrolled ?? Math.max(0, (data.selected + 0.5) * row - frame.clientHeight / 2);
  return stop;
}
