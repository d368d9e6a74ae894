// Files that the browser makes itself. Defines saveFile, pngOf, pageFont; for itself SHARPNESS, FACE. Uses dom.js.

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

const FACE = "Source Sans"; // what the page is written in, and what few readers have

// The page's font as a rule for a style sheet, with the font in it: a file that carries it looks as the page does.
async function pageFont() {
  const rules = [...document.styleSheets].flatMap((sheet) => {
    try {
      return [...sheet.cssRules];
    } catch {
      return []; // another site's, such as a browser extension's: nobody may read it
    }
  });
  const said = (rule, name) => rule.style.getPropertyValue(name);
  const ours = (rule) => said(rule, "font-family").includes(FACE) && said(rule, "font-style") !== "italic";
  const face = rules.find((rule) => rule instanceof CSSFontFaceRule && ours(rule));
  const place = face && said(face, "src").match(/url\(["']?([^"')]+)/)?.[1];
  if (!place) return "";
  const answer = await fetch(new URL(place, face.parentStyleSheet.href ?? location.href));
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  const source = `url(data:font/woff2;base64,${btoa(text)})`;
  return `@font-face { font-family: "${FACE}"; font-weight: ${said(face, "font-weight") || 400}; src: ${source}; }`;
}
