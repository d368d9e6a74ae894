// The mouse on one stage: it marks a cell, pins it with a click, zooms with the wheel or by a drawn square.
// Defines SMALLEST_VIEW, listen. Uses nothing; `owner` is the StagesView.

const SMALLEST_VIEW = 4; // tokens

function listen(owner, panel) {
  const { marks } = panel;
  let start = null;
  marks.onpointerdown = (event) => {
    start = [event.offsetX, event.offsetY];
    marks.setPointerCapture(event.pointerId);
  };
  marks.onpointermove = (event) => {
    if (start && panel.cellAt(...start) && owner.head.T > SMALLEST_VIEW) {
      const [across, down] = [event.offsetX - start[0], event.offsetY - start[1]];
      if (Math.hypot(across, down) > 8) {
        const side = Math.max(Math.abs(across), Math.abs(down));
        owner.brush = { x: start[0] - (across < 0 ? side : 0), y: start[1] - (down < 0 ? side : 0), side };
        owner.markAll();
        return;
      }
    }
    owner.setHover(panel.cellAt(event.offsetX, event.offsetY));
  };
  marks.onpointerup = (event) => {
    const { brush } = owner;
    owner.brush = null;
    if (brush) {
      const { left, top, cell } = panel.geometry;
      const [row, column] = [(brush.y - top) / cell, (brush.x - left) / cell];
      owner.setView(owner.view.row + row, owner.view.column + column, brush.side / cell);
    } else if (start) {
      const cell = panel.cellAt(event.offsetX, event.offsetY);
      if (cell) owner.setPin(String(cell) === String(owner.pin) ? null : cell, true);
      owner.board.focus({ preventScroll: true });
    }
    start = null;
  };
  marks.onpointercancel = () => {
    start = owner.brush = null;
    owner.markAll();
  };
  marks.onpointerleave = () => owner.setHover(null);
  marks.addEventListener(
    "wheel",
    (event) => {
      // The wheel scrolls the page unless there is something to zoom: Ctrl, or a zoomed owner.
      if (owner.head.T <= SMALLEST_VIEW || !(event.ctrlKey || owner.view.n < owner.head.T)) return;
      event.preventDefault();
      owner.zoom(event.deltaY > 0 ? 1.25 : 0.8, panel.cellAt(event.offsetX, event.offsetY));
    },
    { passive: false },
  );
}
