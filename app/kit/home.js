// What the browser makes itself of the page: a link to it, a handout, and each of its pictures as SVG and PNG.
// Uses dom.js, colour.js, boxes.js, vector.js, files.js and handout.js.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const { labels, rows, stem, title, lang } = data;
  const main = document.querySelector("[data-testid='stMainBlockContainer']");
  const link = () => `${location.origin}${location.pathname}?${data.query}`;
  const said = readoutLine("");

  const copy = element("button", "tool does link", labels.link);
  copy.onclick = async () => {
    // The clipboard is there on this machine and over https only; else the link is shown, to be copied from there.
    try {
      await navigator.clipboard.writeText(link());
      said.textContent = labels.copied;
    } catch {
      said.textContent = `${labels.failed} ${link()}`;
    }
  };

  // Layer and head belong to the rooms that show one of them, and say so by the control for it.
  const places = () => data.places.filter(({ word }) => main.querySelector(`.st-key-${word}`));
  const shown = () => places().map(({ name, value }) => `${name} ${value}`);

  const whole = element("button", "tool does handout", labels.handout);
  whole.onclick = async () => {
    const about = places().map(({ name, value }) => [name, value]);
    const facts = [...rows, ...about, ...data.facts, [labels.address, link(), link()]];
    const text = handout(main, { lang, title, rows: facts, font: await pageFont() });
    saveFile(new Blob([text], { type: "text/html" }), `${[stem, title].map(fileName).join("-")}.html`);
  };

  const list = element("ul", "pictures");
  for (const { node, title: name } of pictures(main, title)) {
    const subtitle = () => [data.model, ...shown(), data.prompt].join(" · ");
    const file = () => [stem, ...shown(), name].map(fileName).join("-");
    const text = (font) => svgText(pictureFile(node, name, subtitle(), font));
    const svg = element("button", "tool does svg", "SVG");
    svg.onclick = () => saveFile(new Blob([text()], { type: "image/svg+xml" }), `${file()}.svg`);
    const png = element("button", "tool does png", "PNG");
    png.onclick = async () => saveFile(await pngOf(text(await pageFont())), `${file()}.png`);
    [svg, png].forEach((button) => button.setAttribute("aria-label", `${button.textContent}: ${name}`));
    const item = element("li");
    item.append(element("span", "name", name), svg, png);
    list.append(item);
  }
  const buttons = element("div", "buttons");
  buttons.append(copy, whole);
  replaceKeepingFocus(root, "does", buttons, said);
  if (list.children.length) root.append(element("div", "head", labels.pictures), list);
}

// A file name that every system takes.
const fileName = (text) => text.replace(/[^\p{L}\p{N}_]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 80);
