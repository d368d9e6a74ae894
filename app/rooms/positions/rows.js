// A matrix as coloured cells. Uses dom.js, arrays.js, colour.js and numbers.js.
export default function ({ data, parentElement, setTriggerValue }) {
  const { rows, columns, labels, limit, selected } = data;
  const root = parentElement.querySelector(".root");
  setColours(root, data.colours);
  const values = float32(data.values);
  const table = colourTable(data.scale);
  const readout = readoutLine(labels.point);
  const end = Number(limit.toPrecision(2));
  const top = element("div", "top");
  top.append(readout, legend(`−${end}`, data.scale, `+${end}`));
  const canvas = pixelCanvas(columns.length, rows.length, (i) => colourIn(table, (values[i] / limit + 1) / 2));
  canvas.style.height = `${tallPicture(data.height)}px`;
  describe(canvas, "img", labels.group);
  const mark = element("div", "mark");
  const row = rows.indexOf(selected);
  mark.hidden = row < 0;
  mark.style.top = `${(100 * row) / rows.length}%`;
  mark.style.height = `${100 / rows.length}%`;
  const box = element("div", "box");
  box.append(canvas, mark);
  const below = element("div", "axis");
  below.append(element("span", "", columns[0]), element("span", "", labels.columns), element("span", "", columns.at(-1)));
  const beside = element("div", "beside");
  beside.append(element("span", "", rows[0]), element("span", "upright", labels.rows), element("span", "", rows.at(-1)));
  const grid = element("div", "grid");
  grid.append(beside, box, element("span"), below);
  canvas.onmousemove = (event) => {
    const cell = cellUnder(event, canvas, rows.length, columns.length);
    const value = exact(values[cell.row * columns.length + cell.column]);
    readout.textContent = fillIn(labels.tip, { row: rows[cell.row], column: columns[cell.column], value });
  };
  canvas.onmouseleave = () => (readout.textContent = labels.point);
  canvas.onclick = (event) => data.choosable && setTriggerValue("choose", rows[cellUnder(event, canvas, rows.length, columns.length).row]);
  root.replaceChildren(top, grid);
}
