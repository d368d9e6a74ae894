// Every head of every layer as a button; what a click does is chosen above. Uses dom.js.

const BRUSHES = ["look", "off", "even"];
const TALLEST = 28;

class Switches {
  constructor(root) {
    this.root = root;
    this.brush = "look";
  }

  update(data, tell) {
    this.data = data;
    this.tell = tell;
    this.state = {};
    for (const kind of ["drawn", "even", "off"]) for (const head of data[kind]) this.state[head] = kind;
    // What was clicked while an earlier click was on its way to Python counts.
    const code = this.code();
    if (this.waiting !== undefined && this.waiting !== code && this.late++ < 2) this.state = this.wanted;
    else this.waiting = undefined;
    this.draw();
  }

  code() {
    return JSON.stringify(["off", "even"].map((kind) => this.list(kind)));
  }

  list(kind) {
    const places = Object.keys(this.state).filter((place) => this.state[place] === kind);
    return places.map((place) => place.split(",").map(Number)).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  }

  draw() {
    const { root, data } = this;
    const { layers, heads, labels } = data;
    setColours(root, data.colours);
    const tools = element("div", "brushes");
    tools.append(
      ...BRUSHES.map((name) => {
        const button = element("button", `tool ${name}`, labels[`brush.${name}`]);
        button.setAttribute("aria-pressed", String(name === this.brush));
        button.onclick = () => {
          this.brush = name;
          this.draw();
        };
        return button;
      }),
    );
    const grid = describe(element("div", "grid"), "group", labels.heads);
    const tall = Math.max(11, Math.min(TALLEST, Math.floor(tallPicture(330) / layers)));
    grid.style.gridTemplateColumns = `auto repeat(${heads}, minmax(10px, 34px))`;
    grid.style.gridAutoRows = `${tall}px`;
    const every = Math.ceil(20 / tall);
    for (let layer = 0; layer < layers; layer++) {
      const name = element("button", "layer", layer % every ? "" : String(layer));
      name.setAttribute("aria-label", fillIn(labels.layer, { layer }));
      name.title = fillIn(labels.layer, { layer });
      name.onclick = () => this.act(Array.from({ length: heads }, (_, head) => [layer, head]));
      grid.append(name);
      for (let head = 0; head < heads; head++) grid.append(this.switch(layer, head));
    }
    const keys = element("div", "keys");
    for (const kind of ["off", "even", "drawn"]) {
      if (!Object.values(this.state).includes(kind)) continue;
      const sample = element("span", `switch ${kind}`);
      keys.append(sample, element("span", "", labels[`kind.${kind}`]));
    }
    const active = root.getRootNode().activeElement?.dataset?.place;
    root.replaceChildren(tools, grid, keys);
    if (active) root.querySelector(`[data-place="${active}"]`)?.focus({ preventScroll: true });
  }

  switch(layer, head) {
    const { labels, selected } = this.data;
    const kind = this.state[[layer, head]] ?? "";
    const button = element("button", `switch ${kind}`);
    const name = fillIn(labels.head, { layer, head });
    button.dataset.place = `${layer}.${head}`;
    button.title = kind ? `${name}: ${labels[`kind.${kind}`]}` : name;
    button.setAttribute("aria-label", button.title);
    button.classList.toggle("selected", layer === selected[0] && head === selected[1]);
    button.onclick = () => this.act([[layer, head]]);
    button.onkeydown = (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      this.root.querySelector(`[data-place="${layer + step[0]}.${head + step[1]}"]`)?.focus();
    };
    return button;
  }

  // The brush on these heads: it is taken away where all of them have it.
  act(heads) {
    if (this.brush === "look") {
      this.tell("look", heads[0]);
      return;
    }
    const all = heads.every((head) => this.state[head] === this.brush);
    for (const head of heads) {
      if (all) delete this.state[head];
      else this.state[head] = this.brush;
    }
    this.wanted = { ...this.state };
    this.waiting = this.code();
    this.late = 0;
    this.draw();
    this.tell("heads", { off: this.list("off"), even: this.list("even") });
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  (root.glassformerSwitches ??= new Switches(root)).update(data, setTriggerValue);
}
