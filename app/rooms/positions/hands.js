// Clocks with a query's and a key's hand, and the score by distance. Uses dom.js, arrays.js, events.js and numbers.js.
// The key's hand stands still; the query's turns ahead of it by distance times rate, as it does in the model.
const STEP = 180; // ms from one distance to the next while playing

export default function ({ data, parentElement }) {
  const CLOCK = { least: px(84), most: px(150), below: px(22) }; // how wide a clock is, and its number below it
  const EDGE = { left: px(58), right: 14, top: 12, bottom: px(44) }; // around the curve
  const tall = tallPicture(data.height);
  const { labels, colours, content, scale } = data;
  const root = parentElement.querySelector(".root");
  root.stopPlaying?.();
  setColours(root, colours);
  const [query, key, rates, scores] = [data.query, data.key, data.rates, data.scores].map(float32);
  const P = rates.length;
  const farthest = scores.length - 1;
  let distance = data.distance;
  let playing = null;

  const slider = element("input", "slider");
  slider.type = "range";
  slider.max = farthest;
  slider.value = distance;
  slider.setAttribute("aria-label", labels.x);
  const play = element("button", "tool play", labels.play);
  const back = element("button", "tool true", labels.true);
  const told = readoutLine("");
  const top = element("div", "top");
  top.append(play, slider, back, told);
  const clocks = element("canvas", "clocks");
  describe(clocks, "img", labels.clocks);
  const curve = element("canvas", "curve");
  describe(curve, "img", labels.curve);
  const tip = element("div", "tip");
  tip.hidden = true;
  const [left, right] = [element("div", "left"), element("div", "right")];
  left.append(clocks, tip);
  right.append(curve);
  const both = element("div", "both");
  both.append(left, right);
  root.replaceChildren(top, both);
  const family = getComputedStyle(root).fontFamily;

  const lengths = Array.from({ length: P }, (_, i) => [Math.hypot(query[2 * i], query[2 * i + 1]), Math.hypot(key[2 * i], key[2 * i + 1])]);
  const longest = [0, 1].map((side) => Math.max(...lengths.map((pair) => pair[side])) || 1);
  const angles = (i) => [Math.atan2(query[2 * i + 1], query[2 * i]) + distance * rates[i], Math.atan2(key[2 * i + 1], key[2 * i])];
  const adds = (i) => {
    const [ahead, still] = angles(i);
    return scale * lengths[i][0] * lengths[i][1] * Math.cos(ahead - still);
  };

  let columns = 1;
  let wide = CLOCK.least;
  let high = wide + CLOCK.below;
  // The largest clocks that fit beside the curve, else small ones below each other.
  function arrange() {
    const room = left.clientWidth;
    columns = 1;
    const size = () => Math.min(CLOCK.most, Math.floor(room / columns));
    while (columns < P && Math.ceil(P / columns) * (size() + CLOCK.below) > tall) columns++;
    if (size() < CLOCK.least) columns = Math.max(1, Math.floor(room / CLOCK.least));
    wide = Math.min(CLOCK.most, Math.floor(room / columns));
    high = wide + CLOCK.below;
  }
  function drawClocks() {
    arrange();
    if (wide < CLOCK.least / 2) return; // not laid out yet: it is drawn when it has a width
    const radius = wide / 2 - 6;
    const context = sharpCanvas(clocks, columns * wide, Math.ceil(P / columns) * high);
    context.font = `${FONT_SIZE}px ${family}`;
    context.textAlign = "center";
    for (let i = 0; i < P; i++) {
      const [x, y] = [((i % columns) + 0.5) * wide, Math.floor(i / columns) * high + radius + 4];
      context.lineWidth = 1;
      context.strokeStyle = colours.grid;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.stroke();
      // Both hands, as long as the pair is in this query and this key; angles grow against the clock.
      angles(i).forEach((angle, side) => {
        const length = (radius * lengths[i][side]) / longest[side];
        context.strokeStyle = side ? colours.key : colours.query;
        context.lineWidth = side ? 3 : 4;
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(x + length * Math.cos(angle), y - length * Math.sin(angle));
        context.stroke();
        context.fillStyle = context.strokeStyle;
        context.beginPath();
        context.arc(x + length * Math.cos(angle), y - length * Math.sin(angle), 3.5, 0, 2 * Math.PI);
        context.fill();
      });
      context.fillStyle = colours.ink;
      context.fillText(signed(adds(i), 2), x, y + radius + px(18));
    }
  }

  const seen = content === 0 ? scores : [content, ...scores];
  const lowest = Math.min(...seen);
  const highest = Math.max(...seen);
  const margin = 0.06 * (highest - lowest) || 1;
  function drawCurve() {
    const width = right.clientWidth;
    const height = tall;
    const context = sharpCanvas(curve, width, height);
    const across = (d) => EDGE.left + (d / Math.max(1, farthest)) * (width - EDGE.left - EDGE.right);
    const down = (score) => height - EDGE.bottom - ((score - lowest + margin) / (highest - lowest + 2 * margin)) * (height - EDGE.top - EDGE.bottom);
    context.font = `${FONT_SIZE}px ${family}`;
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const score of ticks(lowest - margin, highest + margin, 5)) {
      context.strokeStyle = colours.grid;
      line(context, EDGE.left, down(score), width - EDGE.right, down(score));
      context.fillStyle = colours.faint;
      context.fillText(String(Number(score.toPrecision(4))).replace("-", "−"), EDGE.left - 6, down(score));
    }
    context.textAlign = "center";
    for (const d of ticks(0, farthest, 6)) context.fillText(d, across(d), height - EDGE.bottom + px(13));
    context.fillText(labels.x, (EDGE.left + width) / 2, height - px(11));
    if (content !== 0) {
      context.setLineDash([6, 5]);
      context.strokeStyle = colours.faint;
      line(context, EDGE.left, down(content), width - EDGE.right, down(content));
      context.setLineDash([]);
    }
    context.strokeStyle = colours.attention;
    context.lineWidth = 3;
    context.beginPath();
    scores.forEach((score, d) => context.lineTo(across(d), down(score)));
    context.stroke();
    if (content !== 0) {
      // Last, on its own ground: the curve may pass below it.
      const wide = context.measureText(labels.content).width;
      context.fillStyle = colours.paper;
      context.globalAlpha = 0.85;
      context.fillRect(width - EDGE.right - wide - 4, down(content) - FONT_SIZE - 4, wide + 4, FONT_SIZE + 2);
      context.globalAlpha = 1;
      context.textAlign = "right";
      context.fillStyle = colours.ink;
      context.fillText(labels.content, width - EDGE.right - 2, down(content) - FONT_SIZE / 2 - 3);
    }
    // The true distance as a ring, the one that is tried as a dot.
    context.lineWidth = 3;
    context.strokeStyle = colours.accent;
    context.beginPath();
    context.arc(across(data.distance), down(scores[data.distance]), 9, 0, 2 * Math.PI);
    context.stroke();
    context.fillStyle = colours.ink;
    context.beginPath();
    context.arc(across(distance), down(scores[distance]), 5, 0, 2 * Math.PI);
    context.fill();
  }

  function draw() {
    told.textContent = fillIn(labels.here, { distance, score: signed(scores[distance], 3) });
    slider.value = distance;
    root.dataset.distance = distance;
    drawClocks();
    drawCurve();
  }
  const go = (to) => {
    distance = clamp(to, 0, farthest);
    draw();
  };
  const stopPlaying = () => {
    clearInterval(playing);
    playing = null;
    play.textContent = labels.play;
  };
  play.onclick = () => {
    if (playing) return stopPlaying();
    play.textContent = labels.pause;
    playing = setInterval(() => go(distance === farthest ? 0 : distance + 1), STEP);
  };
  slider.oninput = () => {
    stopPlaying();
    go(Number(slider.value));
  };
  back.onclick = () => {
    stopPlaying();
    go(data.distance);
  };
  clocks.onmousemove = (event) => {
    const area = clocks.getBoundingClientRect();
    const i = Math.floor((event.clientY - area.top) / high) * columns + Math.floor((event.clientX - area.left) / wide);
    tip.hidden = i >= P;
    if (i >= P) return;
    const period = ((2 * Math.PI) / rates[i]).toLocaleString("en-US", { maximumFractionDigits: 1 });
    tip.textContent = fillIn(labels.pair, { pair: i, period, score: signed(adds(i), 4) });
    tip.style.left = `${clamp(event.clientX - area.left + 14, 0, Math.max(0, left.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${event.clientY - area.top + 18}px`;
  };
  clocks.onmouseleave = () => (tip.hidden = true);

  root.stopPlaying = stopPlaying; // a new run of the page begins anew, at the true distance
  const stop = onResize(root, draw);
  return () => {
    stopPlaying();
    stop();
  };
}

function line(context, fromX, fromY, toX, toY) {
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
}

// At most about `count` round numbers in low ... high.
function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * size).find((size) => size >= rough);
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high; at++) found.push(at * step);
  return found.filter((value) => high - low >= 1 && Number.isInteger(low) && Number.isInteger(high) ? Number.isInteger(value) : true);
}
