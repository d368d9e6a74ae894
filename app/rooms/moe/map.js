// One layer: a row for each token, a column for each expert, the load of each expert below.
const ROW = { least: 22, most: 40 };
const HEAD = 30;
const FOOT = 104; // the bars of the load
const NAMES = 132; // the tokens' column

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { tokens, labels, colours, load, most } = data;
  const root = parentElement.querySelector(".root");
  const [T, E] = [tokens.length, load.length];
  const tables = { weights: floats(data.weights), scores: floats(data.scores) };
  const height = roomy(data.height);
  const row = Math.max(ROW.least, Math.min(ROW.most, Math.floor((height - HEAD - FOOT) / T)));
  root.style.setProperty("--grid", colours.grid);

  const readout = element("div", "readout", labels.point);
  readout.setAttribute("role", "status");
  const [head, body, foot] = [picture(labels.experts), picture(labels.group), picture(labels.load)];
  const frame = element("div", "frame");
  frame.style.maxHeight = `${Math.max(3 * row, height - HEAD - FOOT)}px`;
  frame.append(body);
  const scrolled = root.querySelector(".frame")?.scrollTop;
  let shown = root.dataset.shown ?? "weights";
  const choice = element("div", "choice");
  const buttons = ["weights", "scores"].map((name) => {
    const button = element("button", "", labels[name]);
    button.type = "button";
    button.onclick = () => {
      shown = root.dataset.shown = name;
      draw(null);
    };
    choice.append(button);
    return button;
  });
  const top = element("div", "top");
  top.append(readout, choice);
  root.replaceChildren(top, head, frame, foot);

  const family = getComputedStyle(root).fontFamily;
  const columns = E + (data.shared ? 1 : 0);
  let [cell, width] = [0, 0];
  const left = (e) => NAMES + e * cell + (e === E ? 8 : 0); // the shared experts stand apart
  let over = null;

  function draw(marked) {
    width = frame.clientWidth;
    if (!width) return;
    cell = (width - NAMES - 8) / columns;
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(["weights", "scores"][i] === shown)));
    drawHead();
    drawBody(marked);
    drawFoot();
  }

  function drawHead() {
    const context = sized(head, width, HEAD);
    context.font = `600 ${FONT}px ${family}`;
    context.textAlign = "center";
    const every = Math.ceil(30 / cell);
    for (let e = 0; e < E; e++) {
      context.fillStyle = colours.experts[e % colours.experts.length];
      context.fillRect(left(e) + 1, HEAD - 5, Math.max(1, cell - 2), 4);
      context.fillStyle = colours.ink;
      if (e % every === 0) context.fillText(cell > 84 ? filled(labels.expert, { expert: e }) : e, left(e) + cell / 2, HEAD / 2 - 2);
    }
    if (data.shared) {
      context.fillStyle = colours.faint;
      context.fillRect(left(E), HEAD - 5, cell - 8, 4);
      context.fillStyle = colours.ink;
      context.textAlign = "right";
      context.fillText(context.measureText(labels.shared).width <= cell + 8 ? labels.shared : labels.name, width, HEAD / 2 - 2);
    }
    context.textAlign = "left";
    context.font = `${FONT}px ${family}`;
    context.fillStyle = colours.faint;
    context.fillText(labels.token, 6, HEAD / 2 - 2);
  }

  function drawBody(marked) {
    const font = row >= 34 ? FONT + 3 : FONT;
    const context = sized(body, width, T * row);
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
      context.fillText(cut(context, tokens[t], NAMES - 18), 10, y + row / 2);
      context.font = `600 ${font}px ${family}`;
      context.textAlign = "center";
      for (let e = 0; e < E; e++) {
        const value = values[t * E + e];
        const chosen = !Number.isNaN(tables.weights[t * E + e]);
        const colour = Number.isNaN(value) ? rgb(colours.masked) : shade(colours.scale, value / end);
        context.fillStyle = css(colour);
        context.fillRect(left(e) + 1, y + 1, Math.max(1, cell - 2), row - 2);
        if (chosen && cell > 14) {
          context.lineWidth = 3;
          context.strokeStyle = colours.experts[e % colours.experts.length];
          context.strokeRect(left(e) + 2.5, y + 2.5, cell - 5, row - 5);
        }
        if (!Number.isNaN(value) && cell > 46) {
          context.fillStyle = bright(colour) ? "#000000" : "#FFFFFF";
          context.fillText(number(value), left(e) + cell / 2, y + row / 2 + 1);
        }
      }
      if (data.shared) {
        context.fillStyle = colours.faint;
        context.fillRect(left(E), y + 1, cell - 8, row - 2);
        if (cell > 46) {
          context.fillStyle = colours.paper;
          context.fillText(labels.on, left(E) + cell / 2 - 4, y + row / 2 + 1);
        }
      }
    }
  }

  function drawFoot() {
    const context = sized(foot, width, FOOT);
    const tall = FOOT - 34;
    const highest = Math.max(2 / E, ...load);
    context.font = `${FONT}px ${family}`;
    context.fillStyle = colours.ink;
    cutLines(context, labels.load, NAMES - 12).forEach((line, i) => context.fillText(line, 6, 20 + 19 * i));
    context.textAlign = "center";
    for (let e = 0; e < E; e++) {
      const high = (tall * load[e]) / highest;
      context.fillStyle = colours.experts[e % colours.experts.length];
      context.fillRect(left(e) + cell * 0.18, FOOT - 24 - high, cell * 0.64, high);
      context.fillStyle = colours.ink;
      if (cell > 52) context.fillText(percent(load[e]), left(e) + cell / 2, FOOT - 11);
    }
    const even = FOOT - 24 - tall / (E * highest);
    context.strokeStyle = colours.ink;
    context.lineWidth = 1.5;
    context.setLineDash([6, 4]);
    context.beginPath();
    context.moveTo(NAMES, even);
    context.lineTo(left(E) - (data.shared ? 8 : 0), even);
    context.stroke();
    context.setLineDash([]);
    if (data.shared && cell > 52) context.fillText(percent(1), left(E) + cell / 2 - 4, FOOT - 11);
  }

  function cutLines(context, text, room) {
    const lines = [""];
    for (const word of text.split(/(?<=[\s、，（])/)) {
      if (context.measureText(lines.at(-1) + word).width > room && lines.at(-1)) lines.push("");
      lines[lines.length - 1] += word;
    }
    return lines;
  }

  function under(event) {
    const box = body.getBoundingClientRect();
    const t = Math.min(T - 1, Math.max(0, Math.floor((event.clientY - box.top) / row)));
    return { t, e: Math.floor((event.clientX - box.left - NAMES) / cell) };
  }

  body.onmousemove = (event) => {
    const { t, e } = under(event);
    if (over !== t) tell((over = t));
    if (e < 0) readout.textContent = `${t} · ${tokens[t]}`;
    else if (e >= E) readout.textContent = filled(labels.always, { token: tokens[t] });
    else {
      const [weight, score] = [tables.weights[t * E + e], tables.scores[t * E + e]];
      const words = Number.isNaN(weight) ? labels.unchosen : labels.cell;
      readout.textContent = filled(words, { token: tokens[t], expert: e, score: score.toFixed(4), weight: weight.toFixed(4) });
    }
  };
  body.onmouseleave = () => {
    over = null;
    tell(null);
    readout.textContent = labels.point;
  };
  foot.onmousemove = (event) => {
    const e = Math.floor((event.clientX - foot.getBoundingClientRect().left - NAMES) / cell);
    readout.textContent = e >= 0 && e < E ? filled(labels.loaded, { expert: e, share: percent(load[e]) }) : labels.point;
  };
  foot.onmouseleave = () => (readout.textContent = labels.point);
  body.onclick = (event) => setTriggerValue("choose", under(event).t);
  const done = lively(root, draw);
  frame.scrollTop = scrolled ?? Math.max(0, (data.selected + 0.5) * row - frame.clientHeight / 2); // a canvas not yet drawn has no height
  return done;
}
