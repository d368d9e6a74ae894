// Files that the browser makes itself. Defines saveFile, pngOf; for itself SHARPNESS. Uses dom.js.

const SHARPNESS = 2; // pixels of a PNG file for each px of the picture

// Give `blob` to the reader as a download.
function saveFile(blob, name) {
  const link = element("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// The text of an SVG file as a PNG.
async function pngOf(svg) {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await picture.decode();
  const sheet = element("canvas");
  sheet.width = picture.naturalWidth * SHARPNESS;
  sheet.height = picture.naturalHeight * SHARPNESS;
  sheet.getContext("2d").drawImage(picture, 0, 0, sheet.width, sheet.height);
  return new Promise((done) => sheet.toBlob(done, "image/png"));
}
