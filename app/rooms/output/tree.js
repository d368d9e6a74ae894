// A beam search as a tree, from left to right; the best continuation stands on top of each column. Uses dom.js.

export default function ({ data, parentElement, setTriggerValue }) {
  const [ACROSS, DOWN] = [158, 56].map(px); // from node to node
  const [WIDE, HIGH] = [126, 50].map(px); // a node
  const [HEAD, ROOT] = [30, 100].map(px); // height of the columns' names, width of the root
  const FIRST = px(132); // from the root's left end to the first column
  const { columns, labels, colours } = data;
  const root = parentElement.querySelector(".root");
  setColours(root, colours);
  for (const [name, size] of [["wide", WIDE], ["high", HIGH], ["root", ROOT]]) root.style.setProperty(`--${name}`, `${size}px`);
  describe(root, "group", labels.group);
  const most = Math.max(1, ...columns.map((nodes) => nodes.length));
  const width = ACROSS * columns.length + FIRST + WIDE - ACROSS + 2;
  const height = HEAD + DOWN * most;
  const drawing = element("div", "drawing");
  drawing.style.width = `${width}px`;
  drawing.style.height = `${height}px`;
  const lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  lines.setAttribute("width", width);
  lines.setAttribute("height", height);
  drawing.append(lines);

  const middle = (place) => HEAD + DOWN * place + HIGH / 2;
  const left = (step) => FIRST + ACROSS * step;
  const start = element("div", "start chip", data.root);
  start.style.top = `${HEAD}px`;
  drawing.append(start);
  columns.forEach((nodes, step) => {
    const head = element("div", "head", fillIn(labels.step, { step: step + 1 }));
    head.style.left = `${left(step)}px`;
    drawing.append(head);
    nodes.forEach((node, row) => {
      const button = element("button", "node");
      for (const name of ["kept", "ended", "best"]) button.classList.toggle(name, node[name]);
      button.title = node.title;
      button.append(element("span", "chip", node.token), element("span", "number", `${node.gain}  Σ ${node.total}`));
      button.onclick = () => setTriggerValue("choose", [step, row]);
      button.style.left = `${left(step)}px`;
      button.style.top = `${HEAD + DOWN * row}px`;
      drawing.append(button);
      const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      const [fromX, fromY] = [step ? left(step - 1) + WIDE : ROOT, middle(node.parent ?? 0)];
      const [toX, toY] = [left(step), middle(row)];
      const half = (fromX + toX) / 2;
      line.setAttribute("d", `M ${fromX} ${fromY} C ${half} ${fromY} ${half} ${toY} ${toX} ${toY}`);
      line.setAttribute("class", node.best ? "best" : node.kept ? "kept" : "dropped");
      lines.append(line);
    });
  });
  const frame = element("div", "frame");
  frame.append(drawing);
  replaceKeepingFocus(root, "node", frame);
}
