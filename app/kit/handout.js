// The page as one file of HTML: its text and tables as text, its pictures as SVG, its controls as what they are set to.
// Defines handout, pictures, pictureFile; for itself PICTURE, APART, CONTROLS, DROPPED, TAGS, WIDE, SEEN, STYLE,
// MARGIN, isOf, isApart, wrapped, plain, setting, figureOf, leadsOn, rowOf, blocks, facts.
// Uses dom.js, colour.js, boxes.js and vector.js.

const PICTURE = "[data-testid^='stBidiComponent']";
// Not of the page's own: the frame's controls, and what is for taking away.
const APART = ["prompt", "models", "lang", "home", "take"].map((key) => `.st-key-${key}`).join(", ");
const CONTROLS = ["stSelectbox", "stNumberInput", "stSlider", "stButtonGroup", "stCheckbox", "stRadio", "stTextInput"];
const DROPPED = [
  ...["stButton", "stDownloadButton", "stLinkButton", "stPopover", "stFileUploader", "stTextArea", "stWidgetLabel"],
  ...["stSpinner", "stSkeleton", "stProgress", "stToast", "stTooltipIcon", "stIconMaterial"],
];
const TAGS = [
  ...["P", "H1", "H2", "H3", "H4", "H5", "H6", "STRONG", "EM", "B", "I", "CODE", "PRE", "UL", "OL", "LI", "BLOCKQUOTE"],
  ...["TABLE", "THEAD", "TBODY", "TR", "TH", "TD", "BR", "HR", "SUB", "SUP", "KBD", "DEL", "SMALL", "DIV", "SPAN", "A"],
];
const WIDE = 1600; // px of a picture from which on it scrolls rather than shrinks, but not on paper
const SEEN = 8; // px: what is lower draws nothing

const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 "Source Sans", "Source Sans 3", "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei",
  sans-serif; background: var(--paper); color: var(--ink); max-width: 1280px; margin: 0 auto; padding: 1.2rem 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2, h3, h4, h5, h6 { margin: 1.4rem 0 .4rem; font-size: 1.2rem; break-after: avoid; }
p { margin: .5rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0 0 1rem; padding: 0 0 .8rem;
  border-bottom: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
dt { opacity: .75; }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
figure { margin: .6rem 0; break-inside: avoid; overflow-x: auto; }
figure > svg { display: block; width: 100%; height: auto; }
.row { display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; align-items: flex-start; }
.column { min-width: min(100%, 18rem); }
.settings { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; margin: .5rem 0; opacity: .85; }
table { border-collapse: collapse; }
th, td { padding: .2rem .7rem; border: 1px solid color-mix(in srgb, currentColor 30%, transparent); text-align: left; }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .95rem; }
.note { border-left: 4px solid currentColor; padding: .1rem .8rem; margin: .6rem 0; }
a { color: inherit; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  body { background: #fff; color: #1b1f24; max-width: none; padding: 0; font-size: 11pt; }
  figure > svg { max-height: 170mm; min-width: 0 !important; }
  .dark figure > svg { filter: invert(1) hue-rotate(180deg); }
}
`;

const isOf = (node, names) => names.some((name) => node.dataset.testid === name || node.classList.contains(name));

// Whether `node` is of the frame: one of its controls, or out of the page's flow, such as the line of stations.
const isApart = (node) => {
  const box = node.closest(".stElementContainer");
  return node.closest(APART) !== null || (box && /fixed|absolute/.test(getComputedStyle(box).position));
};

// The page's pictures, in order: [{node, title}].
function pictures(main, room) {
  const found = [];
  const part = [...main.querySelectorAll(".stButtonGroup")].find((group) => !isApart(group));
  const chosen = part?.querySelector("[aria-checked='true']")?.textContent.trim();
  let title = chosen ? `${room} · ${chosen}` : room;
  const seen = new Map();
  for (const node of main.querySelectorAll(`h1, h2, h3, h4, h5, h6, .stMarkdown p > strong:only-child, ${PICTURE}`)) {
    if (isApart(node) || node.closest(".st-key-chips, .stExpander:not(:has(details[open]))")) continue;
    if (!node.matches(PICTURE)) {
      title = node.textContent.trim() || title;
      continue;
    }
    if (node.parentElement.closest(PICTURE) || node.getBoundingClientRect().height <= SEEN) continue;
    const count = (seen.get(title) ?? 0) + 1;
    seen.set(title, count);
    found.push({ node, title: count > 1 ? `${title} (${count})` : title });
  }
  return found;
}

// Text in lines of at most `width` px.
function wrapped(text, font, width) {
  ruler.font = font;
  const lines = [""];
  for (const piece of text.match(/[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+/gu) ?? []) {
    for (const part of ruler.measureText(piece).width > width ? [...piece] : [piece]) {
      if (ruler.measureText(lines.at(-1) + part).width > width && lines.at(-1)) lines.push("");
      lines[lines.length - 1] += part;
    }
  }
  return lines;
}

const MARGIN = 16; // px around a picture in a file

// A picture as an SVG element for a file of its own: on the page's ground, with its title and what it was made from.
// `font` is a rule of a style sheet, for a picture that is read where the page's font is not.
function pictureFile(node, title, subtitle, font) {
  const style = getComputedStyle(document.querySelector(".stApp"));
  const drawn = asSvg(node, title);
  const [width, height] = ["width", "height"].map((name) => Number(drawn.getAttribute(name)));
  const wide = Math.max(width, 420);
  const ink = plainColour(style.color).colour;
  const texts = [];
  let y = MARGIN;
  for (const [text, weight, size] of [[title, 650, 19], [subtitle, 400, 16]]) {
    for (const line of wrapped(text, `${weight} ${size}px ${style.fontFamily}`, wide)) {
      y += 1.3 * size;
      const pen = { fill: ink, "font-family": style.fontFamily, "font-size": size, "font-weight": weight };
      texts.push(svgElement("text", { x: MARGIN, y, ...pen, style: "white-space: pre" }, line));
    }
  }
  y += MARGIN;
  const size = { width: wide + 2 * MARGIN, height: Math.ceil(y + height + MARGIN) };
  drawn.setAttribute("x", MARGIN);
  drawn.setAttribute("y", Math.ceil(y));
  const ground = svgElement("rect", { ...size, fill: plainColour(style.backgroundColor).colour });
  const named = svgElement("title", {}, `${title}: ${subtitle}`);
  const rules = font ? [svgElement("style", {}, font)] : [];
  const whole = svgElement("svg", { ...size, viewBox: `0 0 ${size.width} ${size.height}` });
  whole.append(named, ...rules, ground, ...texts, drawn);
  return whole;
}

// The text of the page: elements that only mean something, their text, and links out.
function plain(node) {
  if (node instanceof Text) return [node.data];
  if (!(node instanceof HTMLElement) || isOf(node, DROPPED) || getComputedStyle(node).display === "none") return [];
  if (node.classList.contains("katex")) return [node.querySelector("annotation")?.textContent ?? ""];
  const inside = [...node.childNodes].flatMap(plain);
  if (!TAGS.includes(node.tagName)) return inside;
  const made = element(node.tagName.toLowerCase());
  if (node instanceof HTMLAnchorElement && /^https?:/.test(node.href)) made.href = node.href;
  for (const name of ["colspan", "rowspan"]) {
    if (node.hasAttribute(name)) made.setAttribute(name, node.getAttribute(name));
  }
  made.append(...inside);
  return [made];
}

// What a control is set to: "Layer: 2".
function setting(node) {
  const field = node.querySelector("input:not([type=checkbox], [type=radio]), textarea");
  const on = "[aria-checked='true'], [aria-pressed='true'], [aria-selected='true'], label:has(input:checked)";
  const values = [...node.querySelectorAll("[data-testid='stSliderThumbValue']")];
  if (!values.length) values.push(...node.querySelectorAll(on));
  const said = node.querySelector("[data-testid='stWidgetLabel'] [data-testid='stMarkdownContainer']");
  const label = said?.textContent.trim() ?? "";
  const value = values.length ? values.map((each) => each.textContent.trim()).join(" – ") : (field?.value ?? "");
  const check = node.querySelector("input[type=checkbox]");
  if (check) return `${label}: ${check.checked ? "✓" : "–"}`;
  return value && label ? `${label}: ${value}` : value;
}

function figureOf(node, label) {
  if (node.getBoundingClientRect().height <= SEEN) return [];
  const made = element("figure");
  const drawn = asSvg(node, label);
  const width = Number(drawn.getAttribute("width"));
  drawn.style[width > WIDE ? "minWidth" : "maxWidth"] = `${width}px`;
  for (const name of ["width", "height"]) drawn.removeAttribute(name);
  made.append(drawn);
  return [made];
}

// Whether the last block is a text that only leads to what follows, such as buttons.
const leadsOn = (made) => /[:：]\s*$/.test(made.at(-1)?.textContent ?? "");

// What stands side by side on the page does so on paper, in the same shares of the width.
function rowOf(node, title) {
  const columns = [...node.children].map((child) => [child.getBoundingClientRect().width, blocks(child, title)]);
  const buttons = node.querySelector(".stButton") !== null;
  const filled = columns.filter(([, inside]) => inside.length && !(buttons && leadsOn(inside)));
  if (filled.length < 2) return filled.flatMap(([, inside]) => inside);
  const row = element("div", "row");
  for (const [width, inside] of filled) {
    const column = element("div", "column");
    column.style.flex = `${Math.round(width)} 1 0`;
    column.append(...inside);
    row.append(column);
  }
  return [row];
}

// What `node` holds, as blocks of a document.
function blocks(node, title) {
  if (isApart(node) || isOf(node, DROPPED) || getComputedStyle(node).display === "none") return [];
  if (node.matches(PICTURE)) return figureOf(node, title());
  if (isOf(node, CONTROLS)) {
    if (node.closest(".st-key-layer, .st-key-head")) return []; // said above
    const text = setting(node);
    if (!text) return [];
    const line = element("div", "settings");
    line.append(element("span", "", text));
    return [line];
  }
  if (isOf(node, ["stMarkdown", "stHeading", "stCaptionContainer", "stHtml", "stTable"])) {
    const made = element("div");
    made.append(...[...node.childNodes].flatMap(plain));
    title(made);
    return made.textContent.trim() ? [made] : [];
  }
  if (isOf(node, ["stCode"])) return [element("pre", "", node.textContent)];
  if (isOf(node, ["stAlert"])) {
    return [element("div", "note", node.querySelector("[data-testid='stMarkdownContainer']")?.textContent ?? "")];
  }
  if (isOf(node, ["stExpander"]) && !node.querySelector("details[open]")) return [];
  if (isOf(node, ["stHorizontalBlock"])) return rowOf(node, title);
  const inside = [];
  for (const child of node.children) {
    const made = blocks(child, title);
    if (!made.length && child.querySelector(".stButton") && leadsOn(inside)) inside.pop();
    inside.push(...made);
  }
  const kept = [];
  for (const block of inside) {
    // Settings that follow each other are one line.
    const before = kept.at(-1);
    if (block.className === "settings" && before?.className === "settings") before.append(...block.children);
    else kept.push(block);
  }
  return kept;
}

function facts(rows) {
  const list = element("dl");
  for (const [name, value, href] of rows) {
    const said = element("dd", "", href ? undefined : value);
    if (href) said.append(Object.assign(element("a", "", value), { href }));
    list.append(element("dt", "", name), said);
  }
  return list;
}

// The file: `rows` are [name, text, link or nothing] about the page.
function handout(main, { lang, title, rows, font }) {
  const style = getComputedStyle(document.querySelector(".stApp"));
  const page = document.implementation.createHTMLDocument(title);
  const root = page.documentElement;
  root.lang = lang;
  const paper = plainColour(style.backgroundColor).colour;
  root.classList.toggle("dark", contrast(rgb(paper), [0, 0, 0]) < contrast(rgb(paper), [255, 255, 255]));
  // No script, no network.
  const allowed = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'";
  const policy = { "http-equiv": "Content-Security-Policy", content: allowed };
  const metas = [{ charset: "utf-8" }, policy, { name: "viewport", content: "width=device-width, initial-scale=1" }];
  page.head.prepend(
    ...metas.map((attributes) => {
      const meta = element("meta");
      Object.entries(attributes).forEach(([name, value]) => meta.setAttribute(name, value));
      return meta;
    }),
  );
  const sheet = element("style");
  sheet.textContent = `${font} :root { --paper: ${paper}; --ink: ${plainColour(style.color).colour}; }${STYLE}`;
  page.head.append(sheet);
  let heading = title;
  const current = (block) => {
    if (block) heading = block.querySelector("h1, h2, h3, h4, h5, h6, p > strong:only-child")?.textContent ?? heading;
    return heading;
  };
  page.body.append(element("h1", "", title), facts(rows), ...blocks(main, current));
  return `<!doctype html>\n${writable(root.outerHTML)}\n`;
}
