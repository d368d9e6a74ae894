// The way to the choice, a row for each candidate. Uses dom.js.
export default function ({ data, parentElement, setTriggerValue }) {
  const { columns, rows, labels, colours } = data;
  const root = parentElement.querySelector(".root");
  setColours(root, colours);
  describe(root, "group", labels.group);

  const table = element("div", "table");
  table.style.gridTemplateColumns = `minmax(9rem, 1.3fr) repeat(${columns.length}, minmax(6.6rem, 1fr))`;
  const heads = ["name", "left", "mass", "cut"].map((kind) => {
    const line = element("div", `line ${kind}`);
    const title = { name: labels.token, left: labels.left, mass: labels.mass, cut: labels.removed }[kind];
    line.append(element("span", "title", title), ...columns.map((column) => element("span", "number", column[kind])));
    return line;
  });

  const buttons = rows.map((row) => {
    const button = element("button", "line row");
    button.dataset.id = row.id;
    button.title = fillIn(labels.append, { token: row.token });
    button.classList.toggle("out", row.cells.length < columns.length);
    for (const mark of row.marks) button.classList.add(mark);
    const name = element("span", "name");
    name.append(element("span", "chip", row.token), ...row.marks.map((mark) => element("span", `mark ${mark}`, labels[mark])));
    button.append(name);
    columns.forEach((_, place) => {
      const cell = element("span", "number", row.cells[place] ?? (place === row.cells.length ? labels.cut : ""));
      cell.classList.toggle("gone", place >= row.cells.length);
      if (place === columns.length - 1 && row.share > 0) {
        cell.classList.add("last");
        cell.style.setProperty("--share", `${100 * row.share}%`);
      }
      button.append(cell);
    });
    button.onclick = () => setTriggerValue("choose", row.id);
    return button;
  });
  table.append(...heads, ...buttons);
  const frame = element("div", "frame");
  frame.append(table);
  replaceKeepingFocus(root, "row", frame);
}
