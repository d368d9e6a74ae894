// Elements, text, drawings and canvases. Defines FONT_SIZE, px, clamp, element, svgElement, readoutLine, fillIn, setColours,
// describe, replaceKeepingFocus, isProjected, tallPicture, pixelDensity, sharpCanvas, pixelCanvas, cutText, cellUnder;
// for itself fitFont, SVG_SPACE, PAGE_HEAD. Uses nothing.

let FONT_SIZE = 16; // px on a canvas: the smallest that the back row of a classroom reads; larger where the page's is

const isProjected = () => document.documentElement.dataset.projector === "on";

// The page's type has 17 px, more where it is projected and on a large screen: app/kit/page.css.
function fitFont() {
  const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
  FONT_SIZE = Math.max(16, Math.round((root * 16) / 17));
}
fitFont();
window.addEventListener("resize", fitFont);

// px of what has `size` px beside type of 16 px.
const px = (size) => (size * FONT_SIZE) / 16;

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

// A new element. Text is set by textContent: a token can never become markup.
function element(tag, className = "", text = undefined) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (tag === "button") node.type = "button";
  if (text !== undefined) node.textContent = text;
  return node;
}

const SVG_SPACE = "http://www.w3.org/2000/svg";

// A new SVG element; attributes without a value are left out.
function svgElement(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG_SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) node.setAttribute(name, typeof value === "number" ? Number(value.toFixed(2)) : value);
  }
  node.append(...children);
  return node;
}

// A line that says what is under the mouse, at first `text`; screen readers say what it becomes.
function readoutLine(text) {
  const line = element("div", "readout", text);
  line.setAttribute("role", "status");
  return line;
}

// `sentence` with each {name} replaced by values.name; a name without a value stays as it is.
function fillIn(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (placeholder, name) => (name in values ? String(values[name]) : placeholder));
}

// Each colour as a CSS variable of `root`: --ink, --accent ... Scales and lists of colours are left out.
function setColours(root, colours) {
  for (const [name, colour] of Object.entries(colours)) {
    if (typeof colour === "string") root.style.setProperty(`--${name}`, colour);
  }
}

// `node`, after telling screen readers what it is.
function describe(node, role, label) {
  node.setAttribute("role", role);
  node.setAttribute("aria-label", label);
  return node;
}

// Put `nodes` into `root`; if one of its old elements of that class had the keyboard's focus, the new one there has it.
function replaceKeepingFocus(root, className, ...nodes) {
  const place = [...root.querySelectorAll(`.${className}`)].indexOf(root.getRootNode().activeElement);
  root.replaceChildren(...nodes);
  if (place >= 0) root.querySelectorAll(`.${className}`)[place]?.focus({ preventScroll: true });
}

const PAGE_HEAD = 100; // px of the page's head, which is not there where the page is projected

// px for a picture that has `least` in a window 800 px high, and all that a higher window adds. What stands around it
// grows with the type.
function tallPicture(least) {
  if (!isProjected()) return px(least) + Math.max(0, window.innerHeight - px(800));
  return Math.max(least / 2, window.innerHeight - ((800 - PAGE_HEAD - least) * FONT_SIZE) / 16);
}

const pixelDensity = () => window.devicePixelRatio || 1;

// Give `canvas` a size in CSS px, with as many pixels as the screen has there; its context, which draws in CSS px.
function sharpCanvas(canvas, width, height) {
  const density = pixelDensity();
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  return context;
}

// A canvas of width x height pixels; `colourOf(i)` is pixel i's [red, green, blue], row by row, null where it is clear.
function pixelCanvas(width, height, colourOf) {
  const canvas = element("canvas");
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  const { data } = image;
  for (let i = 0; i < width * height; i++) {
    const colour = colourOf(i);
    if (colour === null) continue;
    [data[4 * i], data[4 * i + 1], data[4 * i + 2]] = colour;
    data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// `text`, or its beginning and an ellipsis, at most `width` px wide in the font of `context`.
function cutText(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  const characters = [...text];
  while (characters.length && context.measureText(`${characters.join("")}…`).width > width) characters.pop();
  return `${characters.join("")}…`;
}

// Row and column under the mouse on a canvas that shows rows x columns cells from edge to edge.
function cellUnder(event, canvas, rows, columns) {
  const area = canvas.getBoundingClientRect();
  return {
    row: clamp(Math.floor(((event.clientY - area.top) / area.height) * rows), 0, rows - 1),
    column: clamp(Math.floor(((event.clientX - area.left) / area.width) * columns), 0, columns - 1),
  };
}
