// A piece of the page as SVG, made from what the browser shows: its text stays text, a canvas becomes a picture in it.
// Defines asSvg, svgText, writable, ruler; for itself FONT_OF, URL_OF_ID, SHOWN, LEFT_OUT, newId, linesOf, drawText,
// drawField, ownStyles, drawSvg, drawMark, drawPart, LONGEST, unrolled. Uses boxes.js.

const LEFT_OUT = ".tool, .where, style, script, template, [hidden], [popover], .stElementToolbar";
const SHOWN = [
  ...["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap"],
  ...["opacity", "font-family", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline"],
  ...["paint-order", "display", "visibility", "shape-rendering"],
];

const newId = (() => {
  let count = 0;
  return (name = "") => `part${(count += 1)}${name}`;
})();

// The lines of a text node: [{text, left, top, width, height}]; none for what is not shown.
function linesOf(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  const whole = [...range.getClientRects()].filter((rect) => rect.width > 0);
  const kept = getComputedStyle(node.parentElement).whiteSpace.startsWith("pre");
  const clean = (text) => (kept ? text.replace(/\n/g, "") : text.replace(/\s+/g, " ").trim());
  if (whole.length <= 1) return whole.map((rect) => ({ text: clean(node.data), rect }));
  const lines = [];
  let at = 0;
  for (const character of node.data) {
    range.setStart(node, at);
    range.setEnd(node, (at += character.length));
    const rect = [...range.getClientRects()].at(-1);
    if (!rect?.width) continue;
    const line = lines.at(-1);
    if (!line || Math.abs(line.rect.top - rect.top) > rect.height / 2) lines.push({ text: character, rect });
    else {
      line.text += character;
      line.rect = new DOMRect(line.rect.x, line.rect.y, rect.right - line.rect.x, line.rect.height);
    }
  }
  return lines.map(({ text, rect }) => ({ text: clean(text), rect }));
}

const FONT_OF = (style) => `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
const ruler = document.createElement("canvas").getContext("2d");

// One line of text, at the baseline and in the length that the browser gave it, whatever font a reader has.
function drawText(text, rect, style, at) {
  const size = parseFloat(style.fontSize);
  const { colour, alpha } = plainColour(style.color);
  const pen = {
    fill: colour,
    "fill-opacity": unlessOpaque(alpha),
    "font-family": style.fontFamily,
    "font-size": size,
    "font-weight": style.fontWeight === "400" ? undefined : style.fontWeight,
    "font-style": style.fontStyle === "normal" ? undefined : style.fontStyle,
    style: "white-space: pre",
  };
  if (style.writingMode.startsWith("vertical")) {
    const [x, y] = [rect.x - at.x + rect.width / 2, rect.y - at.y + rect.height / 2];
    const turn = style.transform.startsWith("matrix(-1") ? -90 : 90;
    const place = { x, y: y + 0.35 * size, "text-anchor": "middle", transform: `rotate(${turn} ${x} ${y})` };
    return svgElement("text", { ...place, ...pen }, text);
  }
  ruler.font = FONT_OF(style);
  const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = ruler.measureText("x");
  const place = { x: rect.x - at.x, y: rect.y - at.y + (rect.height - up - down) / 2 + up };
  const length = text.length > 1 ? { textLength: rect.width, lengthAdjust: "spacingAndGlyphs" } : {};
  return svgElement("text", { ...place, ...length, ...pen }, text);
}

// What stands in a field; of a slider, where it stands.
function drawField(field, style, box) {
  if (field.type === "range") {
    const share = (field.value - field.min) / (field.max - field.min) || 0;
    const [x, y] = [box.x + 8 + share * (box.width - 16), box.y + box.height / 2];
    const ink = plainColour(style.color).colour;
    const ends = { x1: box.x, x2: box.x + box.width, y1: y, y2: y };
    const line = svgElement("line", { ...ends, stroke: ink, "stroke-opacity": 0.4, "stroke-width": 4 });
    return svgElement("g", {}, line, svgElement("circle", { cx: x, cy: y, r: 8, fill: ink }));
  }
  if (field.type === "checkbox" || field.type === "radio") return svgElement("g");
  const text = field instanceof HTMLSelectElement ? (field.selectedOptions[0]?.textContent ?? "") : field.value;
  const place = { x: box.x + box.width / 2, y: box.y + box.height / 2 + 0.35 * parseFloat(style.fontSize) };
  const { colour } = plainColour(style.color);
  const pen = { fill: colour, "font-family": style.fontFamily, "font-size": style.fontSize, "text-anchor": "middle" };
  return svgElement("text", { ...place, ...pen }, text);
}

// What a style sheet says of the parts of `original`, written onto those of its `copy`.
function ownStyles(original, copy) {
  const style = getComputedStyle(original);
  copy.setAttribute("style", SHOWN.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
  [...original.children].forEach((child, i) => ownStyles(child, copy.children[i]));
}

const URL_OF_ID = /url\(["']?[^"')]*#([^"')]+)["']?\)/g;

// A drawing of the page, with names of its own and nothing that runs or leads elsewhere.
function drawSvg(original, box, prefix) {
  const copy = original.cloneNode(true);
  if (original.getRootNode() instanceof ShadowRoot) ownStyles(original, copy);
  const left = "script, style, foreignObject";
  copy.querySelectorAll(left).forEach((node) => node.remove());
  for (const node of [copy, ...copy.querySelectorAll("*")]) {
    for (const { name, value } of [...node.attributes]) {
      if (name.startsWith("on")) node.removeAttribute(name);
      else if (/(^|:)href$/.test(name)) {
        if (value.startsWith("#")) node.setAttribute(name, `#${prefix}${value.slice(1)}`);
        else if (!value.startsWith("data:image/")) node.removeAttribute(name);
      } else if (name === "id") node.id = prefix + value;
      else if (value.includes("url(")) node.setAttribute(name, value.replace(URL_OF_ID, `url(#${prefix}$1)`));
    }
  }
  for (const [name, value] of Object.entries(box)) copy.setAttribute(name, value);
  copy.removeAttribute("class");
  copy.style.removeProperty("position");
  return copy;
}

// What a style sheet puts before or after what is in `node`: a mark with a size of its own, or a character.
function drawMark(node, which, box) {
  const style = getComputedStyle(node, which);
  if (["none", "normal"].includes(style.content) || style.display === "none") return [];
  const own = getComputedStyle(node);
  const px = (name, of = own) => parseFloat(of[name]) || 0;
  const [width, height] = [px("width", style), px("height", style)];
  const placed = style.position === "absolute";
  const shift = placed ? px("left", style) : px("paddingLeft") + px("marginLeft", style);
  const first = box.x + px("borderLeftWidth") + shift;
  const last = box.x + box.width - px("borderRightWidth") - px("paddingRight") - width;
  const x = placed || which === "::before" ? first : last;
  const y = box.y + (placed ? px("borderTopWidth") + px("top", style) : (box.height - height) / 2);
  const text = style.content.match(/^"(.*)"$/)?.[1] ?? "";
  const [middle, centre] = [x + width / 2, y + height / 2];
  const { colour, alpha } = plainColour(style.color);
  const size = px("fontSize", style);
  const pen = { "font-family": style.fontFamily, "font-size": size, fill: colour, "fill-opacity": unlessOpaque(alpha) };
  const drawn = boxAsSvg(style, { x, y, width, height }, newId);
  const at = { x: middle, y: centre + 0.35 * size, "text-anchor": "middle" };
  if (text) drawn.push(svgElement("text", { ...at, ...pen }, text));
  if (style.transform === "none") return drawn;
  const turn = style.transform.replaceAll(",", " ");
  const transform = `translate(${middle} ${centre}) ${turn} translate(${-middle} ${-centre})`;
  return [svgElement("g", { transform }, ...drawn)];
}

// Draw `node` and all in it onto `out`; `at` is the page's place of the picture's corner, and what begins its ids.
function drawPart(node, out, at) {
  if (node.matches(LEFT_OUT)) return;
  const style = getComputedStyle(node);
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return;
  const rect = node.getBoundingClientRect();
  const box = { x: rect.x - at.x, y: rect.y - at.y, width: rect.width, height: rect.height };
  const sharp = style.imageRendering === "auto" ? undefined : `image-rendering: ${style.imageRendering}`;
  const picture = (href) => svgElement("image", { ...box, preserveAspectRatio: "none", href, style: sharp });
  if (node instanceof SVGSVGElement) return void (rect.width && out.append(drawSvg(node, box, at.prefix)));
  let target = out;
  if (style.opacity !== "1") out.append((target = svgElement("g", { opacity: style.opacity })));
  target.append(...boxAsSvg(style, box, newId));
  if (node instanceof HTMLCanvasElement) {
    if (node.width && node.height && rect.width) target.append(picture(node.toDataURL("image/png")));
    return;
  }
  if (node instanceof HTMLImageElement) {
    if (node.src.startsWith("data:image/")) target.append(picture(node.src));
    return;
  }
  if (node.matches("input, select, textarea")) return void target.append(drawField(node, style, box));
  if (style.overflowX !== "visible" && rect.width && rect.height) target.append((target = clipTo(box, newId())));
  target.append(...drawMark(node, "::before", box));
  for (const child of (node.shadowRoot ?? node).childNodes) {
    if (child instanceof Element) drawPart(child, target, at);
    else if (child instanceof Text && child.data.trim()) {
      target.append(...linesOf(child).map(({ text, rect: place }) => drawText(text, place, style, at)));
    }
  }
  target.append(...drawMark(node, "::after", box));
}

const LONGEST = 8000; // px of a list that scrolls; what is longer stays as it is

// Open every box in `root` that scrolls, so that all of it is drawn; returns what closes them again.
function unrolled(root) {
  const within = (node) => [node, ...node.querySelectorAll("*")].flatMap((each) => [each, ...inside(each.shadowRoot)]);
  const inside = (shadow) => (shadow ? within(shadow) : []);
  const closed = [];
  for (const node of within(root)) {
    if (!(node instanceof HTMLElement) || node.matches("input, textarea")) continue;
    const { overflowX, overflowY } = getComputedStyle(node);
    const wide = /auto|scroll/.test(overflowX) && node.scrollWidth > node.clientWidth + 1;
    const tall = /auto|scroll/.test(overflowY) && node.scrollHeight > node.clientHeight + 1;
    if ((!wide && !tall) || Math.max(node.scrollWidth, node.scrollHeight) > LONGEST) continue;
    closed.push([node, node.getAttribute("style"), node.scrollLeft, node.scrollTop]);
    if (tall) Object.assign(node.style, { height: "auto", maxHeight: "none" });
    const edges = node.offsetWidth - node.clientWidth;
    if (wide) Object.assign(node.style, { width: `${node.scrollWidth + edges}px`, maxWidth: "none" });
    node.style.overflow = "visible";
  }
  const close = () => {
    for (const [node, style, left, top] of closed.reverse()) {
      if (style === null) node.removeAttribute("style");
      else node.setAttribute("style", style);
      node.scrollTo(left, top);
    }
  };
  return [closed.map(([node]) => node), close];
}

// `node` as an SVG element of the size it has on the page, what scrolls in it unrolled; `label` says what it is.
function asSvg(node, label) {
  const [open, close] = unrolled(node);
  const rect = node.getBoundingClientRect();
  const ends = [rect, ...open.map((each) => each.getBoundingClientRect())];
  const width = Math.ceil(Math.max(...ends.map(({ right }) => right)) - rect.x);
  const height = Math.ceil(Math.max(...ends.map(({ bottom }) => bottom)) - rect.y);
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  const drawn = svgElement("svg", { ...size, role: "img", "aria-label": label });
  drawPart(node, drawn, { x: rect.x, y: rect.y, prefix: newId("-") });
  close();
  return drawn;
}

// A text that any XML or HTML file may hold: characters that XML forbids become replacement characters.
const writable = (text) => text.toWellFormed().replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd");

// An SVG element as the text of a file.
const svgText = (drawn) => writable(new XMLSerializer().serializeToString(drawn));
