// A piece of the page as SVG, made from what the browser shows: its text stays text, a canvas becomes a picture in it.
// Defines vector, svgText, writable, ruler; for itself FONT_OF, WRITTEN, SHOWN, LEFT_OUT, newId, linesOf, drawText,
// drawField, ownStyles, drawSvg, drawPart. Uses boxes.js.

const LEFT_OUT = ".tool, style, script, template, [hidden], [popover], .modebar-container, .stElementToolbar";
const SHOWN = "fill fill-opacity stroke stroke-width stroke-opacity stroke-dasharray stroke-linecap opacity font-family \
font-size font-weight font-style text-anchor dominant-baseline display visibility paint-order shape-rendering".split(" ");

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
    "fill-opacity": opacity(alpha),
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

// What stands in a field.
function drawField(field, style, box) {
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

const WRITTEN = /url\(["']?[^"')]*#([^"')]+)["']?\)/g;

// A drawing of the page, with names of its own and nothing that runs or leads elsewhere.
function drawSvg(original, box) {
  const copy = original.cloneNode(true);
  if (original.getRootNode() instanceof ShadowRoot) ownStyles(original, copy);
  copy.querySelectorAll("script, style, foreignObject, .hoverlayer, .draglayer, .zoomlayer").forEach((node) => node.remove());
  const prefix = newId("-");
  for (const node of [copy, ...copy.querySelectorAll("*")]) {
    for (const { name, value } of [...node.attributes]) {
      if (name.startsWith("on")) node.removeAttribute(name);
      else if (/(^|:)href$/.test(name)) {
        if (value.startsWith("#")) node.setAttribute(name, `#${prefix}${value.slice(1)}`);
        else if (!value.startsWith("data:image/")) node.removeAttribute(name);
      } else if (name === "id") node.id = prefix + value;
      else if (value.includes("url(")) node.setAttribute(name, value.replace(WRITTEN, `url(#${prefix}$1)`));
    }
  }
  for (const [name, value] of Object.entries(box)) copy.setAttribute(name, value);
  copy.removeAttribute("class");
  copy.style.removeProperty("position");
  return copy;
}

// Draw `node` and all in it onto `out`; `at` is the page's place of the picture's corner.
function drawPart(node, out, at) {
  if (node.matches(LEFT_OUT)) return;
  const style = getComputedStyle(node);
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return;
  const rect = node.getBoundingClientRect();
  const box = { x: rect.x - at.x, y: rect.y - at.y, width: rect.width, height: rect.height };
  const picture = (href) => svgElement("image", { ...box, preserveAspectRatio: "none", href });
  if (node instanceof SVGSVGElement) return void (rect.width && out.append(drawSvg(node, box)));
  let target = out;
  if (style.opacity !== "1") out.append((target = svgElement("g", { opacity: style.opacity })));
  target.append(...drawBox(style, box, newId));
  if (node instanceof HTMLCanvasElement) {
    if (node.width && node.height && rect.width) target.append(picture(node.toDataURL("image/png")));
    return;
  }
  if (node instanceof HTMLImageElement) return void (node.src.startsWith("data:image/") && target.append(picture(node.src)));
  if (node.matches("input, select, textarea")) return void target.append(drawField(node, style, box));
  if (style.overflowX !== "visible" && rect.width && rect.height) target.append((target = clipTo(box, newId())));
  for (const child of (node.shadowRoot ?? node).childNodes) {
    if (child instanceof Element) drawPart(child, target, at);
    else if (child instanceof Text && child.data.trim()) {
      target.append(...linesOf(child).map(({ text, rect: place }) => drawText(text, place, style, at)));
    }
  }
}

// `node` as an SVG element of the size it has on the page; `label` says what it is.
function vector(node, label) {
  const rect = node.getBoundingClientRect();
  const size = { width: Math.ceil(rect.width), height: Math.ceil(rect.height) };
  const drawn = svgElement("svg", { ...size, viewBox: `0 0 ${size.width} ${size.height}`, role: "img", "aria-label": label });
  drawPart(node, drawn, { x: rect.x, y: rect.y });
  return drawn;
}

// A text that any XML or HTML file may hold: characters that XML forbids become replacement characters.
const writable = (text) => text.toWellFormed().replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd");

// An SVG element as the text of a file.
const svgText = (drawn) => writable(new XMLSerializer().serializeToString(drawn));
