// Boxes of the page as SVG: ground, gradients, borders, as the browser has them. Defines plainColour, unlessOpaque,
// boxAsSvg, clipTo; for itself GRADIENT, DIRECTIONS, splitTop, gradientFill, gradientLayer, borderLines. Uses dom.js.

// Any colour that CSS can write, as {colour: "#rrggbb", alpha: 0..1}: other programs read no color-mix and no color().
const plainColour = (() => {
  const known = new Map();
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  return (text) => {
    if (!known.has(text)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = text;
      pen.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
      const hex = [red, green, blue].map((channel) => channel.toString(16).padStart(2, "0")).join("");
      known.set(text, { colour: `#${hex}`, alpha: alpha / 255 });
    }
    return known.get(text);
  };
})();

const unlessOpaque = (alpha) => (alpha < 1 ? alpha : undefined);

// A list as CSS writes it, taken apart at the commas outside all brackets.
const splitTop = (text) => text.split(/,(?![^()]*(?:\([^()]*\)[^()]*)*\))/).map((part) => part.trim());

const GRADIENT = /^(repeating-)?linear-gradient\((.*)\)$/s;
const DIRECTIONS = { "to right": 90, "to left": 270, "to top": 0, "to bottom": 180 };

// A gradient over the box as a paint; what repeats does so along the line of the gradient.
function gradientFill(text, box, id, period) {
  const [, repeating, inside] = text.match(GRADIENT);
  const parts = splitTop(inside);
  const said = DIRECTIONS[parts[0]] ?? (/deg$/.test(parts[0]) ? parseFloat(parts[0]) : null);
  if (said !== null) parts.shift();
  const angle = ((said ?? 180) * Math.PI) / 180;
  const [dx, dy] = [Math.sin(angle), -Math.cos(angle)];
  const whole = period ?? Math.abs(box.width * dx) + Math.abs(box.height * dy);
  const stops = parts.flatMap((part) => {
    const places = part.match(/-?[\d.e-]+(?:px|%)(?=\s|$)/g) ?? [];
    const colour = part.replace(/(\s+-?[\d.e-]+(?:px|%))+$/, "");
    const at = places.map((place) => (place.endsWith("%") ? (parseFloat(place) / 100) * whole : parseFloat(place)));
    return (at.length ? at : [null]).map((place) => ({ colour, place }));
  });
  stops.forEach((stop, i) => (stop.place ??= (whole * i) / Math.max(1, stops.length - 1)));
  const length = repeating ? stops.at(-1).place : whole;
  if (!(length > 0)) return null;
  const centre = [box.x + box.width / 2, box.y + box.height / 2];
  const start = repeating || period ? [box.x, box.y] : [centre[0] - (dx * whole) / 2, centre[1] - (dy * whole) / 2];
  const fill = svgElement("linearGradient", {
    id,
    gradientUnits: "userSpaceOnUse",
    x1: start[0],
    y1: start[1],
    x2: start[0] + dx * length,
    y2: start[1] + dy * length,
    spreadMethod: repeating || period ? "repeat" : undefined,
  });
  for (const { colour, place } of stops) {
    const plain = plainColour(colour);
    const at = { offset: place / length, "stop-color": plain.colour, "stop-opacity": unlessOpaque(plain.alpha) };
    fill.append(svgElement("stop", at));
  }
  return fill;
}

// One gradient of a background, where its size and place put it.
function gradientLayer(style, i, box, radius, newId) {
  const [image, size, x, y, repeat] = [
    style.backgroundImage,
    style.backgroundSize,
    style.backgroundPositionX,
    style.backgroundPositionY,
    style.backgroundRepeat,
  ].map((list) => {
    const parts = splitTop(list);
    return parts[i % parts.length];
  });
  if (!GRADIENT.test(image)) return [];
  const [wide, high = "auto"] = size.split(" ");
  const part = (text, of) => (text.endsWith("%") ? (parseFloat(text) / 100) * of : parseFloat(text));
  const long = (text, of) => (text === "auto" ? of : part(text, of));
  const [width, height] = [long(wide, box.width), long(high, box.height)];
  const tiled = !repeat.startsWith("no-repeat") && width < box.width - 0.5;
  const [left, top] = [box.x + part(x, box.width - width), box.y + part(y, box.height - height)];
  const area = tiled ? box : { x: left, y: top, width, height };
  if (!(area.width > 0 && area.height > 0)) return [];
  const id = newId();
  const fill = gradientFill(image, area, id, tiled ? width : undefined);
  const rect = { ...area, rx: area.width === box.width && area.height === box.height ? radius : undefined };
  return fill ? [fill, svgElement("rect", { ...rect, fill: `url(#${id})` })] : [];
}

// The borders: one frame where all four are the same, else a line for each.
function borderLines(style, box, radius) {
  const sides = ["Top", "Right", "Bottom", "Left"].map((side) => {
    const kind = style[`border${side}Style`];
    const width = kind === "none" || kind === "hidden" ? 0 : parseFloat(style[`border${side}Width`]);
    const { colour, alpha } = plainColour(style[`border${side}Color`]);
    const dash = kind === "dashed" || kind === "dotted" ? "4 3" : undefined;
    return { width: alpha ? width : 0, colour, alpha, dash };
  });
  const pen = ({ width, colour, alpha, dash }) => ({
    stroke: colour,
    "stroke-opacity": unlessOpaque(alpha),
    "stroke-width": width,
    "stroke-dasharray": dash,
  });
  const [first] = sides;
  if (sides.every((side) => side.width === first.width && side.colour === first.colour)) {
    if (!first.width) return [];
    const half = first.width / 2;
    const inner = { x: box.x + half, y: box.y + half, width: box.width - 2 * half, height: box.height - 2 * half };
    if (inner.width < 0 || inner.height < 0) return [];
    return [svgElement("rect", { ...inner, rx: Math.max(0, radius - half), fill: "none", ...pen(first) })];
  }
  const { x, y, width: w, height: h } = box;
  const lines = [
    (d) => [x, y + d, x + w, y + d],
    (d) => [x + w - d, y, x + w - d, y + h],
    (d) => [x, y + h - d, x + w, y + h - d],
    (d) => [x + d, y, x + d, y + h],
  ];
  return sides.flatMap((side, i) => {
    const [x1, y1, x2, y2] = lines[i](side.width / 2);
    return side.width ? [svgElement("line", { x1, y1, x2, y2, ...pen(side) })] : [];
  });
}

// What is drawn of an element itself: its ground, gradients, borders and outline.
function boxAsSvg(style, box, newId) {
  if (!(box.width > 0 && box.height > 0)) return [];
  const round = parseFloat(style.borderTopLeftRadius) || 0;
  const most = Math.min(box.width, box.height) / 2;
  const radius = Math.min(most, style.borderTopLeftRadius.endsWith("%") ? (round / 50) * most : round);
  const drawn = [];
  const ground = plainColour(style.backgroundColor);
  if (ground.alpha) {
    const fill = { fill: ground.colour, "fill-opacity": unlessOpaque(ground.alpha) };
    drawn.push(svgElement("rect", { ...box, rx: radius || undefined, ...fill }));
  }
  if (style.backgroundImage !== "none") {
    const images = splitTop(style.backgroundImage);
    const layers = images.map((_, i) => gradientLayer(style, i, box, radius || undefined, newId));
    drawn.push(...layers.reverse().flat());
  }
  drawn.push(...borderLines(style, box, radius));
  const outline = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
  if (outline) {
    const { colour, alpha } = plainColour(style.outlineColor);
    const out = parseFloat(style.outlineOffset) + outline / 2;
    const frame = { x: box.x - out, y: box.y - out, width: box.width + 2 * out, height: box.height + 2 * out };
    const pen = { fill: "none", stroke: colour, "stroke-opacity": unlessOpaque(alpha), "stroke-width": outline };
    if (frame.width > 0 && frame.height > 0) drawn.push(svgElement("rect", { ...frame, rx: radius + out, ...pen }));
  }
  return drawn;
}

// A group that shows only what lies inside the box.
function clipTo(box, id) {
  const clip = svgElement("clipPath", { id }, svgElement("rect", { ...box }));
  return svgElement("g", { "clip-path": `url(#${id})` }, clip);
}
