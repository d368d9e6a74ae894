// Two buttons: the picture as PNG, drawn from its SVG, and the address of what is shown. Uses dom.js.

const SHARPNESS = 2; // pixels of the file for each px of the picture

async function png(svg) {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await picture.decode();
  const sheet = element("canvas");
  sheet.width = picture.naturalWidth * SHARPNESS;
  sheet.height = picture.naturalHeight * SHARPNESS;
  sheet.getContext("2d").drawImage(picture, 0, 0, sheet.width, sheet.height);
  return new Promise((done) => sheet.toBlob(done, "image/png"));
}

function save(blob, name) {
  const link = element("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const { labels } = data;
  const picture = element("button", "tool png", labels.png);
  picture.hidden = data.svg === null;
  picture.onclick = async () => save(await png(data.svg), data.file);
  const link = element("button", "tool link", labels.link);
  const said = readoutLine("");
  link.onclick = async () => {
    // The clipboard is there on this machine and over https only; else the address is shown, to be copied from there.
    try {
      await navigator.clipboard.writeText(location.href);
      said.textContent = labels.copied;
    } catch {
      said.textContent = `${labels.failed} ${location.href}`;
    }
  };
  replaceKeepingFocus(root, "tool", picture, link, said);
}
