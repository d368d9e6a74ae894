// What all pictures of the experts share. Text goes through textContent or a canvas: a token is never markup.
const EVENT = "glassformer-token"; // as the token chips tell it
const FONT = 16; // px: the smallest that the back row reads

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const floats = (base64) => new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
const filled = (words, values) => words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
const number = (value) => (value >= 9.995 ? value.toFixed(1) : value.toFixed(2));
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 && share > 0 ? 1 : 0)} %`;
const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const bright = ([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b > 140;

// The colour of a share in 0..1 on a scale of [place, "#RRGGBB"].
function shade(scale, share) {
  const at = Math.max(0, Math.min(1, share));
  const right = Math.max(1, scale.findIndex(([place]) => place >= at));
  const [[from, low], [to, high]] = [scale[right - 1], scale[right]];
  const end = rgb(high);
  return rgb(low).map((c, n) => Math.round(c + ((end[n] - c) * (at - from)) / (to - from)));
}

// px for a picture that has `least` where the window is 800 px high, and the rest of a higher one.
const roomy = (least) => least + Math.max(0, window.innerHeight - 800);

// Which of `places` can be named with lines `apart` px from each other; the first in `order` have the choice.
function nameable(places, order, apart) {
  const named = new Set();
  for (const i of order) if ([...named].every((other) => Math.abs(places[other] - places[i]) >= apart)) named.add(i);
  return named;
}

const css = (colour) => `rgb(${colour.join(",")})`;

// A canvas of that size in CSS pixels, sharp on dense screens; returns its context.
function sized(canvas, width, height) {
  const dense = window.devicePixelRatio || 1;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(height * dense);
  const context = canvas.getContext("2d");
  context.setTransform(dense, 0, 0, dense, 0, 0);
  context.textBaseline = "middle";
  return context;
}

// `text` cut so that it is at most `width` px wide.
function cut(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  const letters = [...text];
  while (letters.length && context.measureText(`${letters.join("")}…`).width > width) letters.pop();
  return `${letters.join("")}…`;
}

function picture(label) {
  const canvas = element("canvas", "");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  return canvas;
}

const tell = (position) => document.dispatchEvent(new CustomEvent(EVENT, { detail: { position } }));

// Draws now, whenever the width changes, and with the token marked elsewhere on the page.
function lively(root, draw) {
  const mark = (event) => draw(event.detail.position);
  const watch = new ResizeObserver(() => draw(null));
  watch.observe(root);
  document.addEventListener(EVENT, mark);
  draw(null);
  return () => {
    watch.disconnect();
    document.removeEventListener(EVENT, mark);
  };
}
