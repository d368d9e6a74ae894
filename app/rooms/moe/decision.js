// One token's routing, a row for each expert and a column for each step; then what each expert says.
function bar(share, colour) {
  const made = element("span", "bar");
  made.style.width = `${100 * Math.max(0, Math.min(1, share))}%`;
  made.style.background = colour;
  return made;
}

function cell(column, value, colour, colours) {
  const made = element("div", `cell ${column.kind}`);
  made.dataset.column = column.name;
  if (value === undefined) return made;
  if (column.kind === "bar") {
    const track = element("span", "track");
    track.append(bar(value.share, colour));
    made.append(track);
  }
  if (column.kind === "signed") made.style.color = value.share < 0 ? colours.key : colours.query;
  made.append(element("span", "figure", value.text));
  return made;
}

function talk(push, labels, colours) {
  const line = element("div", "talk");
  const name = element("span", "who", push.label);
  name.style.borderLeftColor = push.expert === null ? colours.faint : colours.experts[push.expert % colours.experts.length];
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

export default function (component) {
  const { data, parentElement } = component;
  const { columns, rows, pushes, labels, colours } = data;
  const root = parentElement.querySelector(".root");
  for (const name of ["grid", "masked", "faint", "own", "paper"]) root.style.setProperty(`--${name}`, colours[name]);
  const table = element("div", "decision");
  table.setAttribute("role", "group");
  table.setAttribute("aria-label", labels.group);
  const widths = { bar: "minmax(110px, 1.6fr)", signed: "minmax(84px, 0.9fr)", number: "minmax(84px, 0.9fr)", group: "minmax(96px, 1fr)", rank: "minmax(64px, 0.5fr)" };
  table.style.gridTemplateColumns = ["max-content", ...columns.map((column) => widths[column.kind])].join(" ");
  table.style.maxHeight = `${data.height}px`;
  table.append(element("div", "cell head", ""), ...columns.map((column) => element("div", `cell head ${column.kind}`, column.head)));
  let first = null;
  rows.forEach((row, place) => {
    const colour = row.expert === null ? colours.faint : colours.experts[row.expert % colours.experts.length];
    const line = place + 2;
    const name = element("div", "cell who", row.label);
    name.style.borderLeftColor = colour;
    const cells = columns.flatMap((column, n) => {
      const value = row[column.name];
      if (column.kind !== "group") {
        const made = cell(column, value, colour, colours);
        made.style.gridColumn = n + 2;
        return [made];
      }
      if (!value) return [];
      const made = element("div", "cell group", value.text);
      made.classList.toggle("kept", value.kept);
      made.style.gridColumn = n + 2;
      made.style.gridRow = `${line} / span ${value.span}`;
      return [made];
    });
    name.style.gridColumn = 1;
    for (const made of [name, ...cells]) {
      if (!made.style.gridRow) made.style.gridRow = line;
      made.dataset.expert = row.expert ?? "shared";
      made.classList.toggle("chosen", row.chosen);
      made.classList.toggle("out", Boolean(row.dropped));
    }
    if (row.chosen && !first) first = name;
    table.append(name, ...cells);
  });
  const said = element("div", "pushes");
  said.append(element("div", "title", labels.pushes), ...pushes.map((push) => talk(push, labels, colours)));
  root.replaceChildren(table, said);
  if (first && table.scrollHeight > table.clientHeight) table.scrollTop = first.offsetTop - table.offsetTop - table.clientHeight / 2;
}
