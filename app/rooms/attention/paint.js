// Colours of cells, and the drawing of one stage's matrix on a canvas.
// Defines Palette, paintMatrix, paintSink, paintFine. Uses dom.js, colour.js, head.js and formats.js.

class Palette {
  constructor(colours) {
    Object.assign(this, colours);
    this.tables = { signed: colourTable(colours.signed), probability: colourTable(colours.probability) };
  }

  // Softmax runs from 0 to 1, by the weight or its square root (`root`); the other stages are centred on 0.
  kind(stage) {
    return stage === "softmax" ? "probability" : "signed";
  }

  scale(stage) {
    return this[this.kind(stage)];
  }

  table(stage) {
    return this.tables[this.kind(stage)];
  }

  colour(stage, x, range) {
    return colourIn(this.table(stage), stage === "softmax" ? this.weight(x) : 0.5 + (0.5 * x) / range);
  }

  weight(x) {
    return this.root ? Math.sqrt(x) : x;
  }
}

function hatching(context, palette) {
  const tile = element("canvas");
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
const NUMBERS_FROM = 34; // px of a cell from which its number fits in it, short at first
const ROOMY = 52; // px of a cell from which it has all its digits

// Draw the `view` {row, column, n} of a stage as a square of n * cell px with its corner at (x, y).
function paintMatrix(context, head, palette, stage, view, x, y, cell, density) {
  if (cell < GAPS_FROM) paintFine(context, head, palette, stage, view, x, y, cell, density);
  else paintCells(context, head, palette, stage, view, x, y, cell);
  context.strokeStyle = palette.frame;
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, view.n * cell + 1, view.n * cell + 1);
}

// The column of what the rows of the view give to the sink, `width` px wide with its corner at (x, y).
function paintSink(context, head, palette, { row, n }, x, y, width, cell) {
  const gap = cell >= GAPS_FROM ? 1 : 0;
  context.font = `${clamp(Math.round(cell * 0.3), 14, 28)}px ${palette.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let r = 0; r < n; r++) {
    const number = head.rest[row + r];
    const colour = palette.colour("softmax", number, 1);
    const [top, bottom] = [r, r + 1].map((at) => (gap ? at * cell : Math.round(at * cell)));
    context.fillStyle = css(colour);
    context.fillRect(x, y + top, width, bottom - top - gap);
    if (cell >= NUMBERS_FROM) {
      context.fillStyle = inkOn(colour);
      context.fillText(brief(number, cell >= ROOMY ? 2 : 1), x + width / 2, y + (top + bottom) / 2 + 1);
    }
  }
  context.strokeStyle = palette.accent;
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, n * cell + 1);
}

function paintCells(context, head, palette, stage, view, x, y, cell) {
  const { row, column, n } = view;
  const range = head.range[stage];
  const gap = cell >= 14 ? 1 : 0.5;
  const hatch = hatching(context, palette);
  context.font = `${clamp(Math.round(cell * 0.3), 14, 28)}px ${palette.font}`;
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
      const colour = palette.colour(stage, number, range);
      context.fillStyle = css(colour);
      context.fillRect(left, top, cell - gap, cell - gap);
      if (cell >= NUMBERS_FROM) {
        context.fillStyle = inkOn(colour);
        context.fillText(brief(number, cell >= ROOMY ? 2 : 1), left + cell / 2, top + cell / 2 + 1);
      }
    }
  }
}

// Cells of a few pixels or less: where one is smaller than a screen pixel, that shows the strongest of its cells.
function paintFine(context, head, palette, stage, view, x, y, cell, density) {
  const { row, column, n } = view;
  const range = head.range[stage];
  const side = Math.max(1, Math.min(n, Math.round(n * cell * density)));
  const values = stage === "masked" ? head.capped : head[stage];
  const hides = stage === "masked" || stage === "softmax";
  const from = Array.from({ length: side + 1 }, (_, i) => Math.floor((i * n) / side));
  const strongest = (px, py) => {
    let number = null; // null where every cell is masked
    for (let r = from[py]; r < from[py + 1]; r++) {
      for (let c = from[px]; c < from[px + 1]; c++) {
        const i = (row + r) * head.T + column + c;
        if (hides && !head.allowed[i]) continue;
        if (number === null || Math.abs(values[i]) > Math.abs(number)) number = values[i];
      }
    }
    return number;
  };
  const sheet = pixelCanvas(side, side, (i) => {
    const number = strongest(i % side, Math.floor(i / side));
    return number === null ? null : palette.colour(stage, number, range);
  });
  context.fillStyle = hides ? hatching(context, palette) : palette.masked;
  context.fillRect(x, y, n * cell, n * cell);
  context.imageSmoothingEnabled = false;
  context.drawImage(sheet, x, y, n * cell, n * cell);
}
