// Frames the element that a lesson's station speaks of, and brings it into view once. Uses nothing of the kit.

const FRAME = "lesson-mark"; // page.css says how it looks

class Mark {
  constructor() {
    this.at = "";
    this.watch = new MutationObserver(() => this.frame());
  }

  update({ mark, station }) {
    this.mark = mark;
    if (this.at !== station) this.fresh = true; // a station that has just begun scrolls; afterwards people do
    this.at = station;
    this.watch.disconnect();
    this.frame();
    this.watch.observe(document.querySelector("[data-testid='stMain']"), { subtree: true, childList: true });
  }

  frame() {
    const found = this.mark ? document.querySelector(`.st-key-${this.mark}`) : null;
    for (const other of document.querySelectorAll(`.${FRAME}`)) if (other !== found) other.classList.remove(FRAME);
    if (!found) return;
    found.classList.add(FRAME);
    if (!this.fresh) return;
    this.fresh = false;
    found.scrollIntoView({ block: "nearest" });
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
