// One token's routing, a row for each expert and a column for each step; then what each expert says.
// Uses dom.js and colour.js.
const WIDTHS = {
  bar: "minmax(6.5rem, 1.6fr)",
  signed: "minmax(5rem, 0.9fr)",
  number: "minmax(5rem, 0.9fr)",
  group: "minmax(5.6rem, 1fr)",
  rank: "minmax(3.8rem, 0.5fr)",
};

// expert: its number, or null for the shared ones.
const expertColour = (expert, colours) => (expert === null ? colours.faint : inTurn(colours.experts, expert));

function bar(share, colour) {
  const filled = element("span", "bar");
  filled.style.width = `${100 * clamp(share, 0, 1)}%`;
  filled.style.background = colour;
  return filled;
}

function numberCell(column, value, colour, colours) {
  const cell = element("div", `cell ${column.kind}`);
  cell.dataset.column = column.name;
  if (value === undefined) return cell;
  if (column.kind === "bar") {
    const track = element("span", "track");
    track.append(bar(value.share, colour));
    cell.append(track);
  }
  if (column.kind === "signed") cell.style.color = value.share < 0 ? "var(--key-text)" : "var(--query-text)";
  cell.append(element("span", "figure", value.text));
  return cell;
}

function talk(push, labels, colours) {
  const line = element("div", "talk");
  const name = element("span", "who", push.label);
  name.style.borderLeftColor = expertColour(push.expert, colours);
  line.append(name);
  for (const [side, tokens] of [["up", push.up], ["down", push.down]]) {
    const group = element("span", `group ${side}`);
    group.append(element("span", "word", labels[side]));
    for (const [token, text] of tokens) {
      const chip = element("span", "chip");
      chip.append(element("span", "piece", token), element("small", "", text));
      group.append(chip);
    }
    line.append(group);
  }
  return line;
}

export default function ({ data, parentElement }) {
  const { columns, rows, pushes, labels, colours } = data;
  const root = parentElement.querySelector(".root");
  setColours(root, colours);
  const table = describe(element("div", "decision"), "group", labels.group);
  table.style.gridTemplateColumns = ["max-content", ...columns.map((column) => WIDTHS[column.kind])].join(" ");
  table.style.maxHeight = `${tallPicture(data.height)}px`;
  table.append(element("div", "cell head", ""));
  table.append(...columns.map((column) => element("div", `cell head ${column.kind}`, column.head)));
  let first = null;
  rows.forEach((row, place) => {
    const colour = expertColour(row.expert, colours);
    const line = place + 2;
    const name = element("div", "cell who", row.label);
    name.style.borderLeftColor = colour;
    const cells = columns.flatMap((column, n) => {
      const value = row[column.name];
      if (column.kind !== "group") {
        const cell = numberCell(column, value, colour, colours);
        cell.style.gridColumn = n + 2;
        return [cell];
      }
      if (!value) return [];
      const group = element("div", "cell group", value.text);
      group.classList.toggle("kept", value.kept);
      group.style.gridColumn = n + 2;
      group.style.gridRow = `${line} / span ${value.span}`;
      return [group];
    });
    name.style.gridColumn = 1;
    for (const cell of [name, ...cells]) {
      if (!cell.style.gridRow) cell.style.gridRow = line;
      cell.dataset.expert = row.expert ?? "shared";
      cell.classList.toggle("chosen", row.chosen);
      cell.classList.toggle("out", Boolean(row.dropped));
    }
    if (row.chosen && !first) first = name;
    table.append(name, ...cells);
  });
  const list = element("div", "pushes");
  list.append(element("div", "title", labels.pushes), ...pushes.map((push) => talk(push, labels, colours)));
  root.replaceChildren(table, list);
  if (first && table.scrollHeight > table.clientHeight) {
    table.scrollTop = first.offsetTop - table.offsetTop - table.clientHeight / 2;
  }
}
