// One stage: heading, colour scale, and its matrix with token labels.
// Defines labelSize, sinkRoom, Panel. Uses dom.js, colour.js, formats.js, paint.js, mouse.js; `owner`: the StagesView.

const WIDE = 1600; // px of a window from which labels are larger
const labelSize = () => Math.max(window.innerWidth >= WIDE ? 19 : 15, isProjected() ? FONT_SIZE : 0); // px

// px that the column of the sink takes beside the matrix of the weights, with the gap before it; 0 where there is none.
const SINK_GAP = 8;
const sinkRoom = (head, cell) => (head.sink === null ? 0 : SINK_GAP + Math.max(20, cell));

class Panel {
  constructor(stage, owner) {
    this.stage = stage;
    this.owner = owner;
    this.figure = element("figure", "panel");
    this.figure.dataset.testid = `stage-${stage}`;
    this.heading = element("button", "heading");
    this.heading.onclick = () => owner.enlarge(stage);
    this.legend = element("div");
    this.sheet = element("div", "sheet");
    this.base = element("canvas", "base");
    this.marks = element("canvas", "marks");
    this.marks.setAttribute("role", "img");
    this.sheet.append(this.base, this.marks);
    this.figure.append(this.heading, this.legend, this.sheet);
    listen(owner, this);
  }

  // geometry: {left, top, cell, upright}; px, the same cell size in all stages.
  draw(geometry) {
    const { head, palette, labels, view } = this.owner;
    this.geometry = geometry;
    const formula = element("span", "formula", labels[`${this.stage}.formula`]);
    this.heading.replaceChildren(element("b", "", labels[this.stage]), formula);
    this.heading.title = labels.enlarge;
    this.marks.setAttribute("aria-label", fillIn(labels.matrix, { stage: labels[this.stage] }));
    this.scale(head, palette);
    const side = view.n * geometry.cell;
    this.aside = this.stage === "softmax" ? sinkRoom(head, geometry.cell) : 0;
    const size = [geometry.left + side + this.aside + 2, geometry.top + side + 2];
    this.figure.style.width = `${size[0]}px`;
    for (const part of [this.heading, this.legend]) {
      // Above the matrix's first column; further left where the matrix is narrower than its heading.
      part.style.marginLeft = `${Math.max(0, Math.min(geometry.left, size[0] - part.offsetWidth))}px`;
    }
    sharpCanvas(this.marks, ...size);
    this.paint(sharpCanvas(this.base, ...size), pixelDensity());
    this.mark();
  }

  scale(head, palette) {
    const range = head.range[this.stage];
    const probability = this.stage === "softmax";
    const [low, high] = probability ? ["0", palette.root ? this.owner.labels.root : "1"] : [decimal(-range, 1), `+${decimal(range, 1)}`];
    const scale = legend(low, palette.scale(this.stage), high);
    this.legend.replaceWith(scale);
    this.legend = scale;
  }

  paint(pen, density) {
    const { head, palette, view, labels } = this.owner;
    const { left, top, cell } = this.geometry;
    pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
    paintMatrix(pen, head, palette, this.stage, view, left, top, cell, density);
    if (this.aside) {
      const x = left + view.n * cell + SINK_GAP;
      paintSink(pen, head, palette, view, x, top, this.aside - SINK_GAP, cell);
      this.upright(pen, labels.sink, x + (this.aside - SINK_GAP) / 2, palette.faint);
    }
    const every = Math.max(1, Math.ceil((labelSize() + 2) / cell));
    for (let i = 0; i < view.n; i += every) {
      this.columnLabel(pen, view.column + i, palette.faint);
      this.rowLabel(pen, view.row + i, palette.faint);
    }
    if (left > 40) {
      pen.font = `600 ${labelSize()}px ${palette.font}`;
      pen.textAlign = "right";
      pen.textBaseline = "alphabetic";
      pen.fillStyle = palette.key;
      pen.fillText(cutText(pen, `${labels.key} →`, left - 8), left - 8, top - 28);
      pen.fillStyle = palette.query;
      pen.fillText(cutText(pen, `${labels.query} ↓`, left - 8), left - 8, top - 8);
      if (every > 1) {
        pen.fillStyle = palette.faint;
        pen.fillText(cutText(pen, fillIn(labels.every, { count: every }), left - 8), left - 8, top - 48);
      }
    }
  }

  rowLabel(pen, row, colour, back) {
    const { head, palette, view } = this.owner;
    const { left, top, cell } = this.geometry;
    if (left < 40) return;
    pen.font = `${back ? "600 " : ""}${labelSize()}px ${palette.font}`;
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    const text = cutText(pen, head.tokens[row], left - 14);
    const y = top + (row - view.row + 0.5) * cell;
    const width = pen.measureText(text).width;
    if (back) pill(pen, left - 12 - width, y - 10, width + 8, 20, back);
    pen.fillStyle = colour;
    pen.fillText(text, left - 8, y + 1);
  }

  columnLabel(pen, column, colour, back) {
    const { head, palette, view } = this.owner;
    const { left, top, cell, upright } = this.geometry;
    pen.save();
    pen.font = `${back ? "600 " : ""}${labelSize()}px ${palette.font}`;
    pen.textBaseline = "middle";
    pen.translate(left + (column - view.column + 0.5) * cell, top - 6);
    if (!upright) pen.rotate(-Math.PI / 2);
    pen.textAlign = upright ? "center" : "left";
    const text = cutText(pen, head.tokens[column], upright ? cell - 4 : top - 12);
    const width = pen.measureText(text).width;
    if (upright) pen.translate(0, -10);
    if (back) pill(pen, upright ? -width / 2 - 4 : -4, -10, width + 8, 20, back);
    pen.fillStyle = colour;
    pen.fillText(text, 0, 1);
    pen.restore();
  }

  // The name of the column beside the matrix, from its middle at `x` upwards.
  upright(pen, name, x, colour) {
    pen.save();
    pen.font = `${labelSize()}px ${this.owner.palette.font}`;
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    pen.fillStyle = colour;
    pen.translate(x, this.geometry.top - 6);
    pen.rotate(-Math.PI / 2);
    pen.fillText(cutText(pen, name, this.geometry.top - 12), 0, 1);
    pen.restore();
  }

  // The marks of the pinned cell and of the one under the mouse, on the canvas above.
  mark() {
    const { owner, geometry } = this;
    if (!geometry) return;
    const { palette, view, pin, hover, token, chosen, brush } = owner;
    const pen = this.marks.getContext("2d");
    pen.clearRect(0, 0, this.marks.width, this.marks.height);
    const active = hover || pin;
    this.figure.dataset.marked = active ? active.join(",") : "";
    const within = (at, start) => at !== null && at >= start && at < start + view.n;
    const inside = ([query, key]) => within(query, view.row) && within(key, view.column);
    const row = token ?? (active ? null : chosen);
    if (within(row, view.row)) {
      this.band(pen, row, null, palette.ink);
      this.rowLabel(pen, row, palette.paper, palette.query);
    }
    if (within(token, view.column)) {
      this.band(pen, null, token, palette.ink);
      this.columnLabel(pen, token, palette.paper, palette.key);
    }
    if (pin && hover && inside(pin)) this.frame(pen, pin, palette.accent, 2);
    if (active && inside(active)) {
      this.band(pen, active[0], null, palette.query);
      this.band(pen, null, active[1], palette.key);
      this.frame(pen, active, active === pin ? palette.accent : palette.ink, 3);
      this.rowLabel(pen, active[0], palette.paper, palette.query);
      this.columnLabel(pen, active[1], palette.paper, palette.key);
    }
    if (brush) {
      pen.fillStyle = `${palette.accent}33`;
      pen.strokeStyle = palette.accent;
      pen.lineWidth = 2;
      pen.fillRect(brush.x, brush.y, brush.side, brush.side);
      pen.strokeRect(brush.x, brush.y, brush.side, brush.side);
    }
  }

  band(pen, query, key, colour) {
    const { left, top, cell } = this.geometry;
    const { view } = this.owner;
    const side = view.n * cell;
    pen.strokeStyle = colour;
    pen.lineWidth = 1.5;
    if (query !== null) pen.strokeRect(left, top + (query - view.row) * cell, side, cell);
    if (key !== null) pen.strokeRect(left + (key - view.column) * cell, top, cell, side);
  }

  frame(pen, [query, key], colour, width) {
    const { left, top, cell } = this.geometry;
    const { view, palette } = this.owner;
    const grow = Math.max(0, (7 - cell) / 2); // a cell of a few pixels gets a frame that can be seen
    const corner = [left + (key - view.column) * cell - grow, top + (query - view.row) * cell - grow];
    const box = [...corner, cell + 2 * grow, cell + 2 * grow];
    pen.strokeStyle = palette.paper;
    pen.lineWidth = width + 3;
    pen.strokeRect(...box);
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.strokeRect(...box);
  }

  // The cell at a place of the canvas, in px; null outside the matrix.
  cellAt(x, y) {
    const { left, top, cell } = this.geometry;
    const { view } = this.owner;
    const [column, row] = [Math.floor((x - left) / cell), Math.floor((y - top) / cell)];
    if (column < 0 || row < 0 || column >= view.n || row >= view.n) return null;
    return [view.row + row, view.column + column];
  }
}

function pill(pen, x, y, width, height, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.roundRect(x, y, width, height, 4);
  pen.fill();
}
