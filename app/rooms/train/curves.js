// Charts of one line each, side by side, with dashed levels to compare it with. Uses dom.js and arrays.js.

const LEAST = 196; // px of a chart's height in a window 800 px high; a higher one gives some of what it has more
const EDGE = { left: 46, right: 12, top: 10, bottom: 26 };
const FONT = `${FONT_SIZE}px "Source Sans", "Source Sans 3", "Noto Sans", "Noto Sans CJK SC", sans-serif`;
const DASHES = [[7, 4], [2, 4], [10, 3, 2, 3]];

// About `count` round numbers from `low` to `high`.
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const places = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + 1e-9; at += step) places.push(Number(at.toPrecision(9)));
  return places;
}

// The smallest and largest number that the chart shows.
function range(y, levels) {
  const all = [...y, ...levels.map((level) => level.y)].filter(Number.isFinite);
  if (!all.length) return [0, 1];
  const sorted = [...all].sort((a, b) => a - b);
  const low = sorted[0], high = sorted[sorted.length - 1];
  const room = Math.max(0.06 * (high - low), 0.02);
  return [Math.max(0, low - room), high + room];
}

function draw(canvas, chart, data, width) {
  const { colours } = data;
  const height = (LEAST + tallPicture(LEAST)) / 2;
  const context = sharpCanvas(canvas, width, height);
  const [low, high] = range(chart.y, chart.levels);
  const right = width - EDGE.right, bottom = height - EDGE.bottom;
  const across = (step) => EDGE.left + (step / Math.max(1, data.last)) * (right - EDGE.left);
  const up = (value) => bottom - ((value - low) / (high - low)) * (bottom - EDGE.top);
  context.font = FONT;
  context.lineWidth = 1;
  context.strokeStyle = colours.grid;
  context.fillStyle = colours.faint;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const value of ticks(low, high, 4)) {
    context.beginPath();
    context.moveTo(EDGE.left, up(value));
    context.lineTo(right, up(value));
    context.stroke();
    context.fillText(String(value), EDGE.left - 6, up(value));
  }
  context.textBaseline = "alphabetic";
  const steps = ticks(0, data.last, width < 330 ? 2 : 4);
  steps.forEach((step, i) => {
    context.textAlign = i === steps.length - 1 && across(step) > right - 20 ? "right" : "center";
    context.fillText(step.toLocaleString("en"), across(step), height - 6);
  });
  chart.levels.forEach((level, i) => {
    context.strokeStyle = colours.ink;
    context.lineWidth = 1.5;
    context.setLineDash(DASHES[i % DASHES.length]);
    context.beginPath();
    context.moveTo(EDGE.left, up(level.y));
    context.lineTo(right, up(level.y));
    context.stroke();
    context.setLineDash([]);
  });
  context.strokeStyle = context.fillStyle = chart.colour;
  context.lineWidth = 2.5;
  context.lineJoin = "round";
  context.beginPath();
  chart.x.forEach((step, i) => (i ? context.lineTo(across(step), up(chart.y[i])) : context.moveTo(across(step), up(chart.y[i]))));
  context.stroke();
  const dot = (i, size) => {
    context.beginPath();
    context.arc(across(chart.x[i]), up(chart.y[i]), size, 0, 2 * Math.PI);
    context.fill();
  };
  if (chart.dots) chart.x.forEach((_, i) => dot(i, 2.5));
  else if (chart.x.length) dot(chart.x.length - 1, 4);
  // The names stand over everything, on the paper's colour.
  context.textAlign = "right";
  chart.levels.forEach((level) => {
    const name = `${level.name} ${level.y.toFixed(chart.digits)}`;
    const y = up(level.y) < EDGE.top + 22 ? up(level.y) + 18 : up(level.y) - 6;
    const wide = context.measureText(name).width;
    context.fillStyle = colours.paper;
    context.globalAlpha = 0.85;
    context.fillRect(right - wide - 4, y - 14, wide + 6, 18);
    context.globalAlpha = 1;
    context.fillStyle = colours.ink;
    context.fillText(name, right, y);
  });
  return { across };
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  setColours(root, data.colours);
  const charts = data.charts.map((chart) => ({ ...chart, x: float32(chart.x), y: float32(chart.y) }));
  const now = (chart) =>
    chart.y.length ? fillIn(data.words.now, { value: chart.y[chart.y.length - 1].toFixed(chart.digits) }) : "";

  // What is there stays, so that the mouse and the eye keep their places.
  let frames = [...root.querySelectorAll(".curve")];
  if (frames.length !== charts.length) {
    frames = charts.map(() => {
      const frame = element("figure", "curve");
      const head = element("figcaption", "head");
      head.append(element("b", "title"), element("span", "now"));
      frame.append(head, element("canvas"), element("div", "look"));
      return frame;
    });
    root.replaceChildren(...frames);
  }
  const paint = () =>
    charts.forEach((chart, i) => {
      const frame = frames[i], canvas = frame.querySelector("canvas");
      frame.querySelector(".title").textContent = chart.title;
      frame.querySelector(".look").textContent = chart.look;
      const said = frame.querySelector(".now");
      said.textContent = now(chart);
      said.style.color = chart.colour;
      const against = chart.levels.map(({ name, y }) => `${name} ${y.toFixed(chart.digits)}`).join(", ");
      describe(canvas, "img", [chart.title, now(chart), against].filter(Boolean).join(": "));
      const { across } = draw(canvas, chart, data, Math.max(200, frame.clientWidth));
      canvas.onmousemove = (event) => {
        if (!chart.x.length) return;
        const mouse = event.clientX - canvas.getBoundingClientRect().left;
        let nearest = 0;
        chart.x.forEach((step, at) => {
          if (Math.abs(across(step) - mouse) < Math.abs(across(chart.x[nearest]) - mouse)) nearest = at;
        });
        const step = Math.round(chart.x[nearest]).toLocaleString("en");
        said.textContent = fillIn(data.words.at, { step, value: chart.y[nearest].toFixed(chart.digits) });
      };
      canvas.onmouseleave = () => (said.textContent = now(chart));
    });
  paint();
  const watcher = new ResizeObserver(paint);
  watcher.observe(root);
  return () => watcher.disconnect();
}
