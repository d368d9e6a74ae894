// Where the cells of a panel lie. Defines margins, layout, namesAlong, otherwise; for itself LABEL. Uses dom.js.

const LABEL = 7.5; // em that a name may take at most

// The names beside one panel: those of its side; of a pair of different tokens, both in the difference.
function namesAlong(axis, which) {
  if (which !== "difference") return axis[which];
  const pair = (i) => axis.at && axis.at[i] >= 0 && axis.there[i] >= 0 && !axis.same[i];
  return axis.a.map((name, i) => (pair(i) ? `${name} | ${axis.b[i]}` : name));
}

// "a" or "b" of an entry that only this side has, else "".
const otherwise = (axis, entry) => (!axis.at ? "" : axis.there[entry] < 0 ? "a" : axis.at[entry] < 0 ? "b" : "");

// Room for names beside the panels: {left, top, turned, needed}, the same for all: cells of one place lie at one height.
// `panels` are lists of names, `cell` says how wide one becomes beside names of a width; numbers are never turned.
function margins(pen, { panels, numbered, cell }) {
  const width = (name) => pen.measureText(name).width;
  const widest = (which) => Math.max(0, ...panels.flatMap((names) => names[which]).map(width));
  const most = LABEL * FONT_SIZE;
  const left = Math.ceil(Math.min(most, widest("rows")) + 8);
  const wide = widest("columns");
  const turned = !numbered && wide > cell(left) - 4;
  const top = Math.ceil(turned ? Math.min(most, wide) + 10 : FONT_SIZE + 8);
  return { left, top, turned, needed: turned ? FONT_SIZE + 2 : wide + 8 };
}

// A panel `wide` x `tall` px at most, with `tiles` tables of rows x columns cells; `margin` is for names.
function layout({ tiles, rows, columns, square, wide, tall, margin }) {
  const named = tiles === 1;
  const { left, top } = named ? margin : { left: 0, top: 0 };
  const [R, C] = [rows.length, columns.length];
  const gap = 14;
  const head = named ? 0 : FONT_SIZE + 6;
  // As many tiles in a row as make them largest.
  let best = null;
  for (let across = 1; across <= tiles; across++) {
    const down = Math.ceil(tiles / across);
    let width = (wide - left - gap * (across - 1)) / across / C;
    let height = (tall - top - (gap + head) * (down - 1) - head) / down / R;
    if (square) width = height = Math.min(width, height);
    const size = Math.min(width, height);
    if (!best || size > best.size) best = { size, across, down, width, height };
  }
  const cell = { width: clamp(best.width, square ? 0.6 : 1, px(72)), height: clamp(best.height, square ? 0.6 : 2, px(40)) };
  if (square) cell.width = cell.height = Math.min(cell.width, px(72));
  for (const side of ["width", "height"]) if (cell[side] > 6) cell[side] = Math.floor(cell[side]);
  const stepX = C * cell.width + gap;
  const stepY = R * cell.height + gap + head;
  return {
    ...{ left, top, head, named, cell, R, C, tiles },
    across: best.across,
    width: left + best.across * stepX - gap + 2,
    height: top + best.down * stepY - gap + 2,
    // Upper left corner of a tile's cells.
    corner: (tile) => [left + (tile % best.across) * stepX, top + head + Math.floor(tile / best.across) * stepY],
    // The cell at a point, or null.
    cellAt(x, y) {
      for (let tile = 0; tile < tiles; tile++) {
        const [x0, y0] = this.corner(tile);
        const [row, column] = [Math.floor((y - y0) / cell.height), Math.floor((x - x0) / cell.width)];
        if (row >= 0 && column >= 0 && row < R && column < C) return { tile, row, column };
      }
      return null;
    },
  };
}
