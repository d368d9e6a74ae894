// Tokens in space: the vocabulary as a cloud, the prompt as paths from layer to layer. Uses dom.js, arrays.js, events.js.
const PAD = 30; // px around what is drawn
const NEAR = 12; // px: how close the mouse must be
const STEP = 700; // ms from layer to layer while playing
const FRAME = 30; // ms

export default function ({ data, parentElement, setTriggerValue }) {
  const { tokens, names, rows, axes, labels, colours, flat, selected, start } = data;
  const root = parentElement.querySelector(".root");
  root.stopPlaying?.();
  setColours(root, colours);
  const points = float32(data.points); // (n, 3)
  const paths = float32(data.paths); // (N, R, 3)
  const [lengths, shares] = [float32(data.lengths), float32(data.shares)];
  const [n, N, R] = [tokens.length, names.length, rows.length];
  const height = tallPicture(data.height);

  const play = element("button", "tool play", labels.play);
  const slider = element("input", "slider");
  Object.assign(slider, { type: "range", min: 0, max: R - 1, step: 0.01 });
  slider.setAttribute("aria-label", labels.slider);
  const told = readoutLine("");
  const tools = [["+", labels.closer], ["−", labels.farther], ["⟲", labels.reset]].map(([sign, words]) => {
    const button = element("button", "tool", sign);
    button.title = words;
    button.setAttribute("aria-label", words);
    return button;
  });
  const top = element("div", "top");
  top.append(play, slider, told, ...tools);
  const canvas = describe(element("canvas"), "img", labels.group);
  canvas.tabIndex = 0;
  const tip = element("div", "tip");
  tip.hidden = true;
  const box = element("div", "box");
  box.append(canvas, tip);
  root.replaceChildren(top, box, element("div", "hint", labels.hint));
  const family = getComputedStyle(root).fontFamily;

  // What the reader has turned to stays for the next picture of the same kind.
  const first = { yaw: flat ? 0 : 0.6, pitch: flat ? 0 : 0.35, zoom: 1, x: 0, y: 0 };
  const kept = root.kept?.flat === flat ? root.kept : { flat, ...first, at: R - 1 };
  kept.at = Math.min(kept.at, R - 1);
  root.kept = kept;
  let [width, scale] = [0, 1];
  // Seen from the front: x to the right, y up, z towards the reader; turned by yaw, then by pitch.
  let turn = { sinYaw: 0, cosYaw: 1, sinPitch: 0, cosPitch: 1 };
  const turned = (x, y, z) => {
    const deep = turn.cosYaw * z - turn.sinYaw * x;
    return [turn.cosYaw * x + turn.sinYaw * z, turn.cosPitch * y - turn.sinPitch * deep];
  };
  const lookFrom = (yaw, pitch) => (turn = { sinYaw: Math.sin(yaw), cosYaw: Math.cos(yaw), sinPitch: Math.sin(pitch), cosPitch: Math.cos(pitch) });
  // What is seen from the first angle fills the picture: its middle and its size there.
  lookFrom(first.yaw, first.pitch);
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  let furthest = 0;
  for (const list of [points, paths]) {
    for (let i = 0; i < list.length; i += 3) {
      turned(list[i], list[i + 1], flat ? 0 : list[i + 2]).forEach((value, side) => {
        low[side] = Math.min(low[side], value);
        high[side] = Math.max(high[side], value);
        furthest = Math.max(furthest, Math.abs(value));
      });
    }
  }
  const middle = [0, 1].map((side) => (low[side] + high[side]) / 2);
  const fit = (size, side) => (size - 2 * PAD) / (high[side] - low[side] || 1);
  function project(x, y, z) {
    const [across, up] = turned(x, y, flat ? 0 : z);
    return [width / 2 + kept.x + scale * (across - middle[0]), height / 2 + kept.y - scale * (up - middle[1])];
  }
  const point = (list, i) => project(list[3 * i], list[3 * i + 1], list[3 * i + 2]);
  // A path's place between two of its points, as the slider says.
  function between(path, at) {
    const low = Math.min(R - 1, Math.floor(at));
    const high = Math.min(R - 1, low + 1);
    const share = at - low;
    return [0, 1, 2].map((axis) => {
      const [a, b] = [low, high].map((row) => paths[3 * (path * R + row) + axis]);
      return a + share * (b - a);
    });
  }

  let hovered = null; // index of a path
  function draw() {
    width = box.clientWidth;
    if (!width) return;
    const context = sharpCanvas(canvas, width, height);
    lookFrom(kept.yaw, kept.pitch);
    scale = kept.zoom * Math.min(fit(width, 0), fit(height, 1));
    context.font = `${FONT_SIZE}px ${family}`;
    context.textBaseline = "middle";
    context.fillStyle = colours.dot;
    context.globalAlpha = 0.35;
    for (let i = 0; i < n; i++) {
      const [x, y] = point(points, i);
      if (x > 0 && x < width && y > 0 && y < height) context.fillRect(x - 1, y - 1, 2, 2);
    }
    context.globalAlpha = 1;
    drawAxes(context);
    for (let path = 0; path < N; path++) if (path !== selected) drawPath(context, path);
    drawPath(context, selected);
    const taken = [];
    [selected, hovered, ...Array.from({ length: N }, (_, path) => path)].forEach((path) => path !== null && drawName(context, path, taken));
    const row = Math.round(kept.at);
    slider.value = kept.at;
    root.dataset.row = row;
    told.textContent = rows[row];
  }
  function drawAxes(context) {
    axes.forEach((words, axis) => {
      const end = [0, 0, 0];
      end[axis] = 0.8 * furthest;
      const [fromX, fromY] = project(0, 0, 0);
      const [toX, toY] = project(...end);
      context.strokeStyle = colours.grid;
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(fromX, fromY);
      context.lineTo(toX, toY);
      context.stroke();
      context.fillStyle = colours.faint;
      const wide = context.measureText(words).width;
      context.fillText(words, clamp(toX + 4, 4, Math.max(4, width - wide - 4)), clamp(toY, 12, height - 12));
    });
  }
  function drawPath(context, path) {
    const strong = path === selected || path === hovered;
    context.strokeStyle = path === selected ? colours.chosen : colours.path;
    context.globalAlpha = strong ? 1 : 0.4;
    context.lineWidth = strong ? 3.5 : 1.5;
    context.beginPath();
    for (let row = 0; row <= Math.floor(kept.at); row++) context.lineTo(...point(paths, path * R + row));
    const [x, y] = project(...between(path, kept.at));
    context.lineTo(x, y);
    context.stroke();
    context.globalAlpha = 1;
    context.fillStyle = context.strokeStyle;
    context.strokeStyle = colours.paper;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, path === selected ? 8 : 6, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
  // Names only where they cover no other.
  function drawName(context, path, taken) {
    const [x, y] = project(...between(path, kept.at));
    const wide = context.measureText(names[path]).width + 4;
    const area = { x: x + 9, y: y - 10, w: wide, h: 20 };
    const free = !taken.some((other) => area.x < other.x + other.w && other.x < area.x + area.w && area.y < other.y + other.h && other.y < area.y + area.h);
    if (!free) return;
    taken.push(area);
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeStyle = colours.paper;
    context.strokeText(names[path], area.x + 2, y);
    context.fillStyle = path === selected ? colours.chosen : colours.ink;
    context.fillText(names[path], area.x + 2, y);
  }

  let playing = null;
  const stopPlaying = () => {
    clearInterval(playing);
    playing = null;
    play.textContent = labels.play;
  };
  play.onclick = () => {
    if (playing) return stopPlaying();
    if (kept.at >= R - 1) kept.at = 0;
    play.textContent = labels.pause;
    playing = setInterval(() => {
      kept.at = Math.min(R - 1, kept.at + FRAME / STEP);
      draw();
      if (kept.at >= R - 1) stopPlaying();
    }, FRAME);
  };
  slider.oninput = () => {
    stopPlaying();
    kept.at = Number(slider.value);
    draw();
  };
  slider.onchange = () => {
    kept.at = Math.round(kept.at); // only whole layers were computed: what lies between is drawn, not known
    draw();
  };

  const magnify = (times) => {
    kept.zoom = clamp(kept.zoom * times, 0.5, 100);
    draw();
  };
  tools[0].onclick = () => magnify(1.5);
  tools[1].onclick = () => magnify(1 / 1.5);
  tools[2].onclick = () => {
    Object.assign(kept, first);
    draw();
  };

  function under(event) {
    const area = canvas.getBoundingClientRect();
    const [across, down] = [event.clientX - area.left, event.clientY - area.top];
    let found = { distance: NEAR * NEAR };
    const consider = ([x, y], what) => {
      const distance = (x - across) ** 2 + (y - down) ** 2;
      if (distance < found.distance) found = { distance, ...what };
    };
    for (let i = 0; i < n; i++) consider(point(points, i), { dot: i });
    found.distance = Math.min(NEAR * NEAR, found.distance + 60); // a path is easier to hit than a dot
    for (let path = 0; path < N; path++) consider(project(...between(path, kept.at)), { path, dot: undefined });
    return { ...found, across, down };
  }
  let held = null;
  canvas.onpointerdown = (event) => {
    held = { x: event.clientX, y: event.clientY, moved: false };
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    if (held) {
      const [across, down] = [event.clientX - held.x, event.clientY - held.y];
      if (!held.moved && Math.hypot(across, down) < 4) return;
      if (flat) [kept.x, kept.y] = [kept.x + across, kept.y + down];
      else [kept.yaw, kept.pitch] = [kept.yaw + across / 150, clamp(kept.pitch + down / 150, -1.5, 1.5)];
      held = { x: event.clientX, y: event.clientY, moved: true };
      tip.hidden = true;
      return draw();
    }
    const { path, dot, across, down } = under(event);
    tip.hidden = path === undefined && dot === undefined;
    if (path !== undefined) {
      const row = Math.round(kept.at);
      const at = path * R + row;
      const share = `${(100 * shares[at]).toFixed(0)} %`;
      tip.textContent = fillIn(labels.path, { token: names[path], position: start + path, row: rows[row], length: lengths[at].toPrecision(3), share });
    } else if (dot !== undefined) tip.textContent = fillIn(labels.dot, { token: tokens[dot] });
    tip.style.left = `${clamp(across + 14, 0, Math.max(0, width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${clamp(down + 16, 0, height - tip.offsetHeight)}px`;
    if ((path ?? null) === hovered) return;
    hovered = path ?? null;
    tellToken(hovered === null ? null : start + hovered);
    draw();
  };
  canvas.onpointerup = (event) => {
    const clicked = held && !held.moved;
    held = null;
    const { path } = under(event);
    if (clicked && path !== undefined) setTriggerValue("choose", start + path);
  };
  canvas.onpointerleave = () => {
    tip.hidden = true;
    hovered = null;
    tellToken(null);
    draw();
  };
  // With Ctrl or Cmd only, so that the page still scrolls.
  canvas.onwheel = (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    magnify(Math.exp(-event.deltaY / 300));
  };
  const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
  canvas.onkeydown = (event) => {
    if (event.key === "+" || event.key === "-") return magnify(event.key === "+" ? 1.5 : 1 / 1.5);
    if (!(event.key in turns)) return;
    event.preventDefault();
    const [across, down] = turns[event.key];
    if (flat) [kept.x, kept.y] = [kept.x - 200 * across, kept.y - 200 * down];
    else [kept.yaw, kept.pitch] = [kept.yaw + across, clamp(kept.pitch + down, -1.5, 1.5)];
    draw();
  };

  root.stopPlaying = stopPlaying;
  const stops = [
    onResize(box, draw),
    onToken((position) => {
      const path = position === null ? null : position - start;
      if (path === hovered) return;
      hovered = path !== null && path >= 0 && path < N ? path : null;
      draw();
    }),
  ];
  return () => {
    stopPlaying();
    stops.forEach((stop) => stop());
  };
}
