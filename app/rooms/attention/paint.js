// Colours of cells, and the drawing of one stage's matrix on a canvas.

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

// 256 steps of a scale given as [[position 0..1, "#rrggbb"], ...]: Uint8 (256, 3).
function ramp(scale) {
  const steps = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const x = i / 255;
    const upper = Math.max(1, scale.findIndex(([position]) => position >= x));
    const [[low, from], [high, to]] = [scale[upper - 1], scale[upper]];
    const share = (x - low) / (high - low);
    const [a, b] = [rgb(from), rgb(to)];
    for (let c = 0; c < 3; c++) steps[3 * i + c] = Math.round(a[c] + share * (b[c] - a[c]));
  }
  return steps;
}

class Palette {
  constructor(colours) {
    Object.assign(this, colours);
    this.steps = { signed: ramp(colours.signed), probability: ramp(colours.probability) };
    this.maskedRgb = rgb(colours.masked);
    this.hatchRgb = rgb(colours.hatch);
  }

  // Index into a ramp: signed stages are centred on 0, softmax runs from 0 to 1.
  step(stage, x, range) {
    const share = stage === "softmax" ? x : 0.5 + (0.5 * x) / range;
    return Math.max(0, Math.min(255, Math.round(255 * share)));
  }

  ramp(stage) {
    return this.steps[stage === "softmax" ? "probability" : "signed"];
  }

  fill(stage, x, range) {
    const at = 3 * this.step(stage, x, range);
    const steps = this.ramp(stage);
    return [steps[at], steps[at + 1], steps[at + 2]];
  }
}

function css([r, g, b]) {
  return `rgb(${r},${g},${b})`;
}

function readableOn([r, g, b]) {
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#12161B" : "#FFFFFF";
}

function hatching(context, palette) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = palette.masked;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = palette.hatch;
  pen.lineWidth = 1.4;
  pen.beginPath();
  for (const shift of [-8, 0, 8]) {
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

const GAPS_FROM = 7; // px of a cell from which cells are drawn apart, with a line between them
const NUMBERS_FROM = 44; // px of a cell from which its number fits in it

// Draw the `view` {row, column, n} of a stage as a square of n * cell px with its corner at (x, y).
function paintMatrix(context, head, palette, stage, view, x, y, cell, pixelRatio) {
  if (cell < GAPS_FROM) paintFine(context, head, palette, stage, view, x, y, cell, pixelRatio);
  else paintCells(context, head, palette, stage, view, x, y, cell);
  context.strokeStyle = palette.frame;
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, view.n * cell + 1, view.n * cell + 1);
}

function paintCells(context, head, palette, stage, view, x, y, cell) {
  const { row, column, n } = view;
  const range = head.range[stage];
  const gap = cell >= 14 ? 1 : 0.5;
  const hatch = hatching(context, palette);
  context.font = `${cell >= 60 ? 17 : 14}px ${palette.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let r = 0; r < n; r++) {
    for (let c = 0; c < n; c++) {
      const [left, top] = [x + c * cell, y + r * cell];
      if (head.isMasked(stage, row + r, column + c)) {
        context.fillStyle = hatch;
        context.fillRect(left, top, cell, cell);
        continue;
      }
      const number = head.at(stage, row + r, column + c);
      const colour = palette.fill(stage, number, range);
      context.fillStyle = css(colour);
      context.fillRect(left, top, cell - gap, cell - gap);
      if (cell >= NUMBERS_FROM) {
        context.fillStyle = readableOn(colour);
        context.fillText(brief(number), left + cell / 2, top + cell / 2 + 1);
      }
    }
  }
}

// Cells of a few pixels or less: every screen pixel shows the strongest cell it stands for.
function paintFine(context, head, palette, stage, view, x, y, cell, pixelRatio) {
  const { row, column, n } = view;
  const range = head.range[stage];
  const side = Math.max(1, Math.round(n * cell * pixelRatio));
  const image = new ImageData(side, side);
  const ramp = palette.ramp(stage);
  const values = stage === "masked" ? head.scaled : head[stage];
  const hides = stage === "masked" || stage === "softmax";
  const from = Array.from({ length: side + 1 }, (_, i) => Math.floor((i * n) / side));
  for (let py = 0; py < side; py++) {
    for (let px = 0; px < side; px++) {
      let found = null;
      for (let r = from[py]; r < Math.max(from[py] + 1, from[py + 1]); r++) {
        for (let c = from[px]; c < Math.max(from[px] + 1, from[px + 1]); c++) {
          const i = (row + r) * head.T + column + c;
          if (hides && !head.allowed[i]) continue;
          if (found === null || Math.abs(values[i]) > Math.abs(found)) found = values[i];
        }
      }
      const at = 4 * (py * side + px);
      const colour = found === null ? ((px + py) % 8 < 1 ? palette.hatchRgb : palette.maskedRgb) : null;
      const step = colour ? 0 : 3 * palette.step(stage, found, range);
      for (let c = 0; c < 3; c++) image.data[at + c] = colour ? colour[c] : ramp[step + c];
      image.data[at + 3] = 255;
    }
  }
  const sheet = document.createElement("canvas");
  sheet.width = sheet.height = side;
  sheet.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(sheet, x, y, n * cell, n * cell);
}

// `text` cut to `width` px with an ellipsis.
function clipped(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  const letters = [...text];
  while (letters.length && context.measureText(`${letters.join("")}…`).width > width) letters.pop();
  return `${letters.join("")}…`;
}
