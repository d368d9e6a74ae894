// The picture as a PNG file: heading, stages side by side, scales, at twice the screen's size.
// Defines exportPicture, download. Uses dom.js, panel.js and paint.js.

const EXPORT_SCALE = 2;

function exportPicture(owner, panels) {
  const { palette, labels, data } = owner;
  const margin = 16;
  const heads = 62; // px above the matrices for the caption and the names of the stages
  const widths = panels.map((panel) => panel.geometry.left + owner.view.n * panel.geometry.cell + panel.aside + 14);
  const height = heads + panels[0].geometry.top + owner.view.n * panels[0].geometry.cell + 34 + margin;
  const sheet = element("canvas");
  sheet.width = EXPORT_SCALE * (widths.reduce((a, b) => a + b, 0) + 2 * margin);
  sheet.height = EXPORT_SCALE * height;
  const pen = sheet.getContext("2d");
  pen.scale(EXPORT_SCALE, EXPORT_SCALE);
  pen.fillStyle = palette.paper;
  pen.fillRect(0, 0, sheet.width, sheet.height);
  pen.textBaseline = "alphabetic";
  pen.fillStyle = palette.faint;
  pen.font = `14px ${palette.font}`;
  pen.fillText(cutText(pen, data.caption, sheet.width / EXPORT_SCALE - 2 * margin), margin, margin + 12);
  let x = margin;
  panels.forEach((panel, i) => {
    const layer = element("canvas");
    layer.width = EXPORT_SCALE * widths[i];
    layer.height = EXPORT_SCALE * (height - heads);
    const brush = layer.getContext("2d");
    brush.scale(EXPORT_SCALE, EXPORT_SCALE);
    panel.paint(brush, EXPORT_SCALE);
    pen.drawImage(layer, x, heads, widths[i], height - heads);
    const { width, height: tall } = panel.marks.style;
    pen.drawImage(panel.marks, x, heads, parseFloat(width), parseFloat(tall));
    const left = x + panel.geometry.left;
    pen.fillStyle = palette.ink;
    pen.textAlign = "left";
    pen.font = `600 17px ${palette.font}`;
    pen.fillText(labels[panel.stage], left, heads - 8);
    const foot = height - margin - 14;
    const side = owner.view.n * panel.geometry.cell;
    const [low, , high] = panel.legend.children;
    const colours = palette.table(panel.stage);
    const bar = pixelCanvas(colours.length, 1, (step) => colours[step]);
    pen.font = `13px ${palette.font}`;
    pen.fillText(low.textContent, left, foot + 10);
    const edge = pen.measureText(low.textContent).width + 6;
    const end = pen.measureText(high.textContent).width + 6;
    pen.drawImage(bar, left + edge, foot, Math.max(10, side - edge - end), 10);
    pen.fillText(high.textContent, left + side - end + 6, foot + 10);
    x += widths[i];
  });
  return sheet;
}

function download(sheet, name) {
  sheet.toBlob((blob) => {
    const link = element("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }, "image/png");
}
