// The vocabulary as a cloud of dots on a canvas: 49,152 of them are drawn in a few milliseconds.
// Uses dom.js, arrays.js and events.js.
const PAD = 26; // px around the cloud
const NEAR = 14; // px: how close the mouse must be to a dot
const CLOSEST = 200; // times
function decode(cloud) {
  const tokens = cloud.tokens.split("\n");
  const places = uint16(cloud.places); // (count, 2)
  const x = new Float64Array(tokens.length);
  const y = new Float64Array(tokens.length);
  for (let i = 0; i < tokens.length; i++) {
    x[i] = cloud.low[0] + cloud.unit * places[2 * i];
    y[i] = cloud.low[1] + cloud.unit * places[2 * i + 1];
  }
  return { tokens, x, y };
}

function bounds(numbers) {
  let [low, high] = [Infinity, -Infinity];
  for (const number of numbers) {
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  return [low, high];
}

export default function ({ data, parentElement, setTriggerValue }) {
  const { labels, colours } = data;
  const height = tallPicture(data.height);
  const root = parentElement.querySelector(".root");
  const { tokens, x, y } = decode(data.cloud);
  setColours(root, colours);

  const canvas = describe(element("canvas", "map"), "img", labels.group);
  canvas.tabIndex = 0;
  canvas.style.height = `${height}px`;
  const tip = element("div", "tip");
  tip.hidden = true;
  const tools = element("div", "tools");
  const buttons = [["+", labels.closer], ["−", labels.farther], ["⟲", labels.reset]].map(([sign, words]) => {
    const button = element("button", "tool", sign);
    button.title = words;
    button.setAttribute("aria-label", words);
    return button;
  });
  tools.append(...buttons);
  const box = element("div", "box");
  box.append(canvas, tip, tools);
  root.replaceChildren(box, element("div", "hint", labels.hint));

  const [[left, right], [bottom, top]] = [bounds(x), bounds(y)];
  let marks = [];
  let hovered = null;
  let [zoom, centreX, centreY] = [1, (left + right) / 2, (bottom + top) / 2];
  let [width, scale] = [0, 1];
  const toX = (value) => width / 2 + (value - centreX) * scale;
  const toY = (value) => height / 2 - (value - centreY) * scale;
  const context = canvas.getContext("2d");
  const family = getComputedStyle(root).fontFamily;

  function draw() {
    width = canvas.clientWidth;
    if (!width) return;
    const density = pixelDensity(); // the page lays the canvas out, so only its pixels are set
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    context.setTransform(density, 0, 0, density, 0, 0);
    // One unit is as long across as down: distances on the map can be compared.
    scale = zoom * Math.min((width - 2 * PAD) / (right - left || 1), (height - 2 * PAD) / (top - bottom || 1));
    axes();
    cloud();
    markedTokens();
  }

  function axes() {
    context.strokeStyle = colours.grid;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(0, toY(0));
    context.lineTo(width, toY(0));
    context.moveTo(toX(0), 0);
    context.lineTo(toX(0), height);
    context.stroke();
    context.fillStyle = colours.faint;
    context.font = `${FONT_SIZE}px ${family}`;
    context.textBaseline = "bottom";
    context.fillText(labels.x, 6, height - 4);
    context.textBaseline = "top";
    context.fillText(labels.y, 6, 4);
  }

  function cloud() {
    const size = Math.max(1.3, Math.min(6, 90 / Math.sqrt(tokens.length))) * Math.min(3, zoom ** 0.35);
    context.fillStyle = colours.dot;
    // Many dots over each other become darker.
    context.globalAlpha = tokens.length > 5000 ? Math.min(0.8, 0.3 * zoom ** 0.4) : 0.7;
    for (let i = 0; i < tokens.length; i++) {
      const [across, down] = [toX(x[i]), toY(y[i])];
      const visible = across > -9 && across < width + 9 && down > -9 && down < height + 9;
      if (visible) context.fillRect(across - size / 2, down - size / 2, size, size);
    }
    context.globalAlpha = 1;
  }

  function dot(id, kind) {
    const [across, down] = [toX(x[id]), toY(y[id])];
    const radius = kind === "chosen" ? 9 : 6;
    context.beginPath();
    if (kind === "chosen") {
      context.moveTo(across - radius, down);
      context.lineTo(across, down - radius);
      context.lineTo(across + radius, down);
      context.lineTo(across, down + radius);
      context.closePath();
    } else {
      context.arc(across, down, radius, 0, 2 * Math.PI);
    }
    context.lineWidth = 2;
    context.strokeStyle = colours.paper;
    context.fillStyle = kind === "prompt" ? colours.paper : colours[kind];
    context.fill();
    if (kind === "prompt") {
      context.lineWidth = 3;
      context.strokeStyle = colours.prompt;
    }
    context.stroke();
  }

  // Marked tokens, the most important last so that it lies on top; names only where they cover no other.
  function markedTokens() {
    let shown = marks.filter(([id]) => id < tokens.length);
    if (hovered !== null && hovered < tokens.length) {
      const mark = shown.find(([id]) => id === hovered) ?? [hovered, "near"];
      shown = [mark, ...shown.filter(([id]) => id !== hovered)];
    }
    [...shown].reverse().forEach(([id, kind]) => dot(id, kind));
    const taken = shown.map(([id]) => ({ x: toX(x[id]) - 6, y: toY(y[id]) - 6, w: 12, h: 12 }));
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (const [id, kind] of shown) {
      context.font = `${kind === "chosen" ? "700 18" : `600 ${FONT_SIZE}`}px ${family}`;
      const w = context.measureText(tokens[id]).width + 4;
      const [h, across, down] = [20, toX(x[id]), toY(y[id])];
      const right = [[11, -10], [11, -27], [11, 7]];
      const left = right.map(([, dy]) => [-11 - w, dy]);
      const around = [right[0], left[0], [-w / 2, -31], [-w / 2, 11], right[1], right[2], left[1], left[2]];
      const spots = around.map(([dx, dy]) => ({ x: across + dx, y: down + dy, w, h }));
      const inside = (a) => a.x > 0 && a.y > 0 && a.x + a.w < width && a.y + a.h < height;
      const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
      const free = (spot) => inside(spot) && !taken.some((other) => overlap(spot, other));
      const spot = spots.find(free) ?? (kind === "chosen" || id === hovered ? spots[0] : null);
      if (!spot) continue;
      taken.push(spot);
      context.lineWidth = 4;
      context.strokeStyle = colours.paper;
      context.strokeText(tokens[id], spot.x + 2, spot.y + h / 2);
      context.fillStyle = kind === "chosen" ? colours.chosen : kind === "prompt" ? colours.prompt : colours.ink;
      context.fillText(tokens[id], spot.x + 2, spot.y + h / 2);
    }
  }

  let asked = false;
  const redraw = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };

  function under(event) {
    const frame = canvas.getBoundingClientRect();
    const [across, down] = [event.clientX - frame.left, event.clientY - frame.top];
    let [best, least] = [null, NEAR * NEAR];
    const consider = (id, favour) => {
      const distance = (toX(x[id]) - across) ** 2 + (toY(y[id]) - down) ** 2 - favour;
      if (distance < least) [best, least] = [id, distance];
    };
    for (let i = 0; i < tokens.length; i++) consider(i, 0);
    // A marked token is easier to hit.
    marks.filter(([id]) => id < tokens.length).forEach(([id]) => consider(id, 60));
    return { id: best, across, down };
  }

  function magnify(times, across = width / 2, down = height / 2) {
    const [oldX, oldY] = [centreX + (across - width / 2) / scale, centreY - (down - height / 2) / scale];
    const next = clamp(zoom * times, 1, CLOSEST);
    scale *= next / zoom;
    zoom = next;
    centreX = oldX - (across - width / 2) / scale;
    centreY = oldY + (down - height / 2) / scale;
    if (zoom === 1) [centreX, centreY] = [(left + right) / 2, (bottom + top) / 2];
    redraw();
  }

  let drag = null; // where the mouse was last with its button down
  canvas.onpointerdown = (event) => {
    drag = { x: event.clientX, y: event.clientY, moved: false };
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    if (drag && (drag.moved || Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 4)) {
      centreX -= (event.clientX - drag.x) / scale;
      centreY += (event.clientY - drag.y) / scale;
      drag = { x: event.clientX, y: event.clientY, moved: true };
      tip.hidden = true;
      redraw();
      return;
    }
    const { id, across, down } = under(event);
    tip.hidden = id === null;
    if (id !== null) {
      tip.textContent = `${tokens[id]}  id ${id}`;
      tip.style.left = `${Math.min(across + 14, width - tip.offsetWidth - 4)}px`;
      tip.style.top = `${Math.max(0, down - 38)}px`;
    }
    if (id !== hovered) {
      hovered = id;
      redraw();
    }
  };
  canvas.onpointerup = (event) => {
    const clicked = drag && !drag.moved;
    drag = null;
    const { id } = under(event);
    if (clicked && id !== null) setTriggerValue("choose", id);
  };
  canvas.onpointerleave = () => {
    tip.hidden = true;
    hovered = null;
    redraw();
  };
  // With Ctrl or Cmd only, so that the page still scrolls; a pinch on a touch pad arrives the same way.
  canvas.onwheel = (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const frame = canvas.getBoundingClientRect();
    magnify(Math.exp(-event.deltaY / 300), event.clientX - frame.left, event.clientY - frame.top);
  };
  const [closer, farther, reset] = [() => magnify(1.6), () => magnify(1 / 1.6), () => magnify(0)];
  [buttons[0].onclick, buttons[1].onclick, buttons[2].onclick] = [closer, farther, reset];
  canvas.onkeydown = (event) => ({ "+": closer, "-": farther, 0: reset })[event.key]?.();

  const stops = [
    onMarks((newMarks) => {
      marks = newMarks;
      redraw();
    }),
    onVocabulary((id) => {
      hovered = id;
      redraw();
    }),
    onResize(canvas, redraw),
  ];
  tellMapReady();
  draw();
  return () => stops.forEach((stop) => stop());
}
