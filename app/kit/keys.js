// The keys of the whole app, their help, and the projector mode. Uses dom.js and events.js.

const ARROW_NAMES = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };
const NAMES = { ...ARROW_NAMES, PageUp: "Page ↑", PageDown: "Page ↓" };
const STEPS = { layer_up: ["layer", 1], layer_down: ["layer", -1], head_left: ["head", -1], head_right: ["head", 1] };
const FIELDS = "textarea, select, input:not([type=checkbox], [type=radio], [type=button]), [contenteditable=true]";
const OWN = "[role=listbox], [role=menu], [role=dialog], [role=combobox], [data-baseweb=popover]"; // read letters too
const ARROWS = "input, [role=slider], [role=radiogroup], [role=tablist]"; // they read arrows and pages
const LETTERS = "glassformerLetters"; // of the browser's memory: "off" where single letters do nothing
const LEAVING = Symbol.for("the room that a key leaves"); // of the document: the next room has another component
const ANSWER = 4000; // ms after which a step counts as done, whatever became of it
const SAID = 1800; // ms that the name of a room stays

// Of a lesson or a game of guesses: the keys press their buttons.
const button = (part) => {
  const inside = ["lesson", "guess"].map((room) => `[class*="st-key-${room}"][class*="${part}"] button`);
  return document.querySelector(inside.join());
};

class Keys {
  constructor(root) {
    this.steps = { layer: 0, head: 0 };
    this.tools = element("div", "tools");
    this.help = element("dialog");
    this.said = describe(element("div", "said"), "status", "");
    this.said.removeAttribute("aria-label");
    root.replaceChildren(this.tools, this.help, this.said);
    this.mouse = null;
    this.help.onclick = (event) => {
      if (event.target === this.help) this.help.close(); // beside its text
    };
  }

  update(data, tell) {
    const before = this.data;
    Object.assign(this, { data, tell });
    this.project(data.projector);
    this.draw();
    this.answered();
    this.arrived();
    if (data.projector && before && before.title !== data.title) this.say(data.title);
  }

  // Type and what is hidden follow from this mark; pictures measure their type when the window's size changes.
  project(on) {
    const page = document.documentElement;
    if (on === (page.dataset.projector === "on")) return;
    if (on) page.dataset.projector = "on";
    else delete page.dataset.projector;
    window.dispatchEvent(new Event("resize"));
  }

  draw() {
    const { labels, projector } = this.data;
    const tool = (name, sign, act) => {
      const made = element("button", `tool ${name}`, sign);
      made.title = labels[`button.${name}`];
      made.setAttribute("aria-label", made.title);
      made.onclick = act;
      return made;
    };
    replaceKeepingFocus(
      this.tools,
      "tool",
      tool(projector ? "leave" : "enter", projector ? "✕" : "", () => this.toggle()),
      tool("explain", "", () => this.explain()),
    );
    const { open } = this.help;
    const rows = this.data.keys.map(({ action, keys }) => {
      const row = element("tr");
      const names = element("td", "names");
      names.append(...keys.map((key) => element("kbd", "", NAMES[key] ?? (key.length > 1 ? key : key.toUpperCase()))));
      row.append(names, element("td", "", labels[action]));
      return row;
    });
    const table = element("table");
    table.append(...rows);
    const choice = element("label", "letters");
    const box = element("input");
    box.type = "checkbox";
    box.checked = localStorage.getItem(LETTERS) !== "off";
    box.onchange = () => localStorage.setItem(LETTERS, box.checked ? "on" : "off");
    choice.append(box, element("span", "", labels.letters));
    const close = element("button", "tool", labels.close);
    close.onclick = () => this.help.close();
    this.help.setAttribute("aria-label", labels.title);
    if (open) return; // what somebody reads stays as it is
    this.help.replaceChildren(element("h2", "", labels.title), table, element("p", "", labels.rule), choice, close);
  }

  explain() {
    if (this.help.open) this.help.close();
    else this.help.showModal();
  }

  say(text) {
    this.said.textContent = text;
    this.said.classList.add("shown");
    clearTimeout(this.saying);
    this.saying = setTimeout(() => this.said.classList.remove("shown"), SAID);
  }

  toggle() {
    const on = !this.data.projector;
    this.project(on);
    this.tell("projector", on ? 1 : 0);
  }

  pressed(event) {
    const { key } = event;
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const focus = event.composedPath()[0];
    const at = focus instanceof Element ? focus : document.body;
    if (this.help.open) {
      if (key === "?") this.explain();
      return;
    }
    if (at.matches(FIELDS) || at.closest(OWN)) return;
    const action = this.data.keys.find(({ keys }) => keys.includes(key.length === 1 ? key.toLowerCase() : key))?.action;
    if (!action) return;
    if (key.length > 1) {
      // A focused part of the page, such as a picture, has its arrows for itself.
      const inPart = at.getRootNode() instanceof ShadowRoot;
      if (!this.data.projector || inPart || at.closest(ARROWS)) return;
    } else if (key !== "?" && localStorage.getItem(LETTERS) === "off") return;
    event.preventDefault();
    this.act(action);
  }

  act(action) {
    if (action in STEPS) this.step(...STEPS[action]);
    else if (action === "next") this.move("next", "forward");
    else if (action === "previous") this.move("previous", "back");
    else if (action === "pin") this.pin();
    else if (action === "reveal") button("reveal")?.click();
    else if (action === "projector") this.toggle();
    else if (action === "help") this.explain();
    else {
      tellGoing();
      this.tell(action, true);
    }
  }

  // A lesson that runs decides what comes next; else the small map does.
  move(name, part) {
    const lesson = button(part);
    if (lesson) lesson.click();
    else if (document[LEAVING]) document[LEAVING].moves.push([name, part]);
    else if (this.data[name]) {
      const given = setTimeout(() => (document[LEAVING] = null), ANSWER);
      document[LEAVING] = { title: this.data.title, moves: [], given };
      tellGoing();
      this.tell("go", this.data[name]);
    }
  }

  // In another room: what was pressed on the way here follows.
  arrived() {
    const leaving = document[LEAVING];
    if (!leaving || leaving.title === this.data.title) return;
    clearTimeout(leaving.given);
    document[LEAVING] = null;
    const [move, ...later] = leaving.moves;
    if (!move) return;
    this.move(...move);
    if (document[LEAVING]) document[LEAVING].moves = later;
  }

  // Steps that are pressed while one is on its way are sent together after it.
  step(word, by) {
    this.steps[word] += by;
    if (this.waiting) return;
    this.tell("step", this.steps);
    this.steps = { layer: 0, head: 0 };
    this.waiting = setTimeout(() => this.answered(), ANSWER);
  }

  answered() {
    if (!this.waiting) return;
    clearTimeout(this.waiting);
    this.waiting = undefined;
    if (this.steps.layer || this.steps.head) this.step("layer", 0);
  }

  // A focused picture gets Enter, the one under the mouse a click: what pins or chooses in every room.
  pin() {
    const heard = { bubbles: true, composed: true, cancelable: true };
    let focus = document.activeElement;
    while (focus?.shadowRoot?.activeElement) focus = focus.shadowRoot.activeElement;
    if (focus?.tabIndex === 0 && focus.getRootNode() instanceof ShadowRoot && !focus.matches("button, a, input")) {
      focus.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ...heard }));
      return;
    }
    if (!this.mouse) return;
    const [x, y] = this.mouse;
    let under = document.elementFromPoint(x, y);
    while (under?.shadowRoot) {
      const inner = under.shadowRoot.elementFromPoint(x, y);
      if (!inner || inner === under) break;
      under = inner;
    }
    if (!(under?.getRootNode() instanceof ShadowRoot)) return;
    for (const type of ["pointerdown", "pointerup", "click"]) {
      const kind = type === "click" ? MouseEvent : PointerEvent;
      under.dispatchEvent(new kind(type, { clientX: x, clientY: y, view: window, ...heard }));
    }
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const keys = (root.glassformerKeys ??= new Keys(root));
  keys.update(data, setTriggerValue);
  const pressed = (event) => root.isConnected && keys.pressed(event);
  const moved = (event) => (keys.mouse = [event.clientX, event.clientY]);
  window.addEventListener("keydown", pressed);
  window.addEventListener("pointermove", moved, { passive: true, capture: true });
  return () => {
    window.removeEventListener("keydown", pressed);
    window.removeEventListener("pointermove", moved, { capture: true });
  };
}
