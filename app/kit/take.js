// A button: the picture as PNG, drawn from its SVG. Uses dom.js and files.js.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const picture = element("button", "tool png", data.label);
  picture.onclick = async () => saveFile(await pngOf(data.svg), data.file);
  replaceKeepingFocus(root, "tool", picture);
}
