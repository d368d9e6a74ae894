// Frames the element that a lesson's station speaks of, and brings it into view once; whoever has no mouse is led to
// the panel. Uses nothing of the kit.

const FRAME = "lesson-mark"; // page.css says how it looks

class Mark {
  constructor() {
    this.station = this.step = "";
    this.watch = new MutationObserver(() => this.frame());
  }

  update({ mark, station, step }) {
    this.mark = mark;
    if (this.station !== station) this.fresh = true; // a station that has just begun scrolls; afterwards people do
    if (this.step !== step) this.lead(); // the button that was pressed has gone, and the focus with it
    Object.assign(this, { station, step });
    this.watch.disconnect();
    this.frame();
    this.watch.observe(document.querySelector("[data-testid='stMain']"), { subtree: true, childList: true });
  }

  lead() {
    const panel = document.querySelector(".st-key-lesson_panel");
    panel.tabIndex = -1;
    panel.focus({ preventScroll: true });
  }

  frame() {
    const found = this.mark ? document.querySelector(`.st-key-${this.mark}`) : null;
    for (const other of document.querySelectorAll(`.${FRAME}`)) if (other !== found) other.classList.remove(FRAME);
    if (!found) return;
    found.classList.add(FRAME);
    if (!this.fresh) return;
    this.fresh = false;
    const panel = document.querySelector(".st-key-lesson_panel");
    const beside = getComputedStyle(panel).position === "fixed"; // where it stands above, it is read first
    if (beside) found.scrollIntoView({ block: "nearest" });
  }

  disconnect() {
    this.watch.disconnect();
    this.mark = "";
    this.frame();
  }
}

const marks = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const mark = marks.get(root) ?? new Mark();
  marks.set(root, mark);
  mark.update(data);
  return () => mark.disconnect();
}
