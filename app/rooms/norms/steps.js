// LayerNorm and RMSNorm on one vector: a panel each, a row of bars for each step, one bar for each entry.
// What is under the mouse is one entry in all rows of both panels. Uses dom.js and arrays.js.
const BARS = 42; // px, height of a row

// Every number of the page: five digits that count.
const figure = (value) => String(Number(value.toPrecision(5))).replaceAll("-", "−");
const operand = (value) => (value < 0 ? `(${figure(value)})` : figure(value));
const length = (values) => Math.hypot(...values);

function bars(canvas, values, width, colours) {
  const context = sharpCanvas(canvas, width, BARS);
  const limit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const each = width / values.length;
  const gap = each > 3 ? 1 : 0;
  for (let i = 0; i < values.length; i++) {
    const high = (Math.abs(values[i]) / limit) * (BARS / 2);
    context.fillStyle = values[i] < 0 ? colours.negative : colours.positive;
    context.fillRect(i * each, values[i] < 0 ? BARS / 2 : BARS / 2 - high, Math.max(1, each - gap), high);
  }
  context.fillStyle = colours.faint;
  context.fillRect(0, BARS / 2 - 0.5, width, 1);
  return limit;
}

// One step: a sentence with its numbers, and its vector; without one, as much space: the panels' steps stand level.
function step(sentence, values) {
  const made = element("div", "step");
  const line = element("div", "line");
  const range = element("span", "range");
  line.append(element("span", "says", sentence), range);
  made.append(line);
  const plot = element("div", values ? "plot" : "plot none");
  const canvas = values ? element("canvas") : null;
  if (canvas) plot.append(canvas, element("div", "mark"));
  made.append(plot);
  return { made, plot, canvas, range, values };
}

function stepsOf(panel, vectors, labels) {
  const numbers = { mean: figure(panel.mean), spread: figure(panel.spread), eps: figure(panel.eps), scale: figure(panel.scale) };
  const say = (name, values) => fillIn(labels[name], { ...numbers, ...(values ? { length: figure(length(values)) } : {}) });
  const made = [step(say("before", vectors.before), vectors.before)];
  made.push(step(say(vectors.centred ? "centred" : "uncentred"), vectors.centred));
  made.push(step(say(panel.kind, vectors.normalized), vectors.normalized));
  if (!vectors.gain) return [...made, step(labels.unlearned, null)];
  made.push(step(say(vectors.shift ? "gain" : "gain.last", vectors.scaled), vectors.scaled));
  if (vectors.shift) made.push(step(say("shift", vectors.after), vectors.after));
  return made;
}

// The arithmetic of one entry, operands and results.
function arithmetic(panel, vectors, i) {
  const parts = [];
  if (vectors.centred) parts.push(`${figure(vectors.before[i])} − ${operand(panel.mean)} = ${figure(vectors.centred[i])}`);
  const divided = vectors.centred ?? vectors.before;
  parts.push(`${figure(divided[i])} ÷ ${figure(panel.scale)} = ${figure(vectors.normalized[i])}`);
  if (vectors.gain) parts.push(`${figure(vectors.normalized[i])} × ${operand(vectors.gain[i])} = ${figure(vectors.scaled[i])}`);
  if (vectors.shift) parts.push(`${figure(vectors.scaled[i])} + ${operand(vectors.shift[i])} = ${figure(vectors.after[i])}`);
  return parts;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const { labels, colours } = data;
  const root = parentElement.querySelector(".root");
  setColours(root, colours);
  const panels = data.panels.map((panel) => {
    const vectors = Object.fromEntries(Object.entries(panel.vectors).map(([name, packed]) => [name, packed && float32(packed)]));
    const box = element("div", "panel");
    box.dataset.kind = panel.kind;
    box.classList.toggle("own", panel.kind === data.own);
    const title = element("div", "title");
    title.append(element("b", "", labels[`title.${panel.kind}`]), element("span", "badge", labels[panel.kind === data.own ? "own" : "other"]));
    const steps = stepsOf(panel, vectors, labels);
    const readout = element("div", "arithmetic");
    readout.setAttribute("role", "status");
    box.append(title, ...steps.map(({ made }) => made), readout);
    return { panel, vectors, box, steps, readout };
  });
  const count = panels[0].vectors.before.length;
  const group = element("div", "panels");
  group.tabIndex = 0;
  describe(group, "group", labels.group);
  group.append(...panels.map(({ box }) => box));
  const focused = root.getRootNode().activeElement?.className === "panels";
  root.replaceChildren(group);
  if (focused) group.focus({ preventScroll: true });

  let at = data.entry;
  const show = (entry) => {
    at = entry;
    root.dataset.entry = entry;
    for (const { panel, vectors, readout, box } of panels) {
      const lines = arithmetic(panel, vectors, entry).map((text) => element("span", "term", text));
      readout.replaceChildren(element("b", "", fillIn(labels.entry, { entry })), ...lines);
      for (const mark of box.querySelectorAll(".mark")) {
        mark.style.left = `${(100 * entry) / count}%`;
        mark.style.width = `${100 / count}%`;
      }
    }
  };
  const draw = () => {
    for (const { steps } of panels)
      for (const { canvas, plot, values, range } of steps)
        if (canvas) range.textContent = `±${figure(bars(canvas, values, plot.clientWidth, colours))}`;
  };
  for (const { steps } of panels)
    for (const { canvas } of steps) {
      if (!canvas) continue;
      canvas.onmousemove = (event) => show(cellUnder(event, canvas, 1, count).column);
      canvas.onclick = (event) => setTriggerValue("choose", cellUnder(event, canvas, 1, count).column);
    }
  group.onmouseleave = () => show(data.entry);
  group.onkeydown = (event) => {
    if (event.key === "Enter") setTriggerValue("choose", at);
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    show(clamp(at + move, 0, count - 1));
  };
  const watch = new ResizeObserver(draw);
  watch.observe(root);
  draw();
  show(data.entry);
  return () => watch.disconnect();
}
