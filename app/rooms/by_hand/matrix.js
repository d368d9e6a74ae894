// A matrix of cells: numbers to read and choose, to edit, or to fill in. Defines matrix, TOKENS. Uses dom.js and digits.js.

const TOKENS = ["x₁", "x₂", "x₃", "x₄"];
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Enter: [1, 0] };

// With the keyboard from one cell of a matrix to its neighbour.
function move(event, grid, row, column) {
  const step = MOVES[event.key];
  const field = event.target;
  if (!step || (event.key === "Enter" && field.tagName === "BUTTON")) return;
  const all = field.tagName === "BUTTON" || field.selectionEnd - field.selectionStart === field.value.length;
  const edge = step[1] < 0 ? field.selectionEnd === 0 : field.selectionStart === field.value?.length;
  if (step[1] && !all && !edge) return; // within the number
  event.preventDefault();
  const next = grid.querySelector(`[data-row="${row + step[0]}"][data-column="${column + step[1]}"]`);
  if (next) next.focus();
  else if (event.key === "Enter") field.blur();
}

// kind(row, column): "read", "edit", "answer" or "masked"; text, colour, classes: of that cell;
// rowNames, columnNames: of the tokens, or nothing; choose(row, column); typed(row, column, field, settled).
function matrix({ name, label, rows, columns, rowNames, columnNames, kind, text, look, classes, choose, typed }) {
  const grid = describe(element("div", "matrix"), "group", label);
  grid.dataset.name = name;
  const labelled = rowNames ? "auto " : "";
  grid.style.gridTemplateColumns = `${labelled}repeat(${columns}, minmax(var(--cell), max-content))`;
  if (columnNames) {
    if (rowNames) grid.append(element("span"));
    grid.append(...columnNames.map((column) => element("span", "name top", column)));
  }
  for (let row = 0; row < rows; row++) {
    if (rowNames) grid.append(element("span", "name", rowNames[row]));
    for (let column = 0; column < columns; column++) {
      const what = kind(row, column);
      const field = element(what === "edit" || what === "answer" ? "input" : "button", `cell ${what}`);
      field.dataset.row = row;
      field.dataset.column = column;
      field.dataset.id = `${name}-${row}-${column}`;
      field.classList.add(...classes(row, column));
      field.setAttribute("aria-label", `${label}, ${row + 1}, ${column + 1}`);
      if (field.tagName === "INPUT") {
        field.inputMode = "decimal";
        field.autocomplete = "off";
        field.value = text(row, column);
        field.onfocus = () => {
          field.select();
          choose(row, column);
        };
        field.oninput = () => typed(row, column, field, false);
        field.onchange = () => typed(row, column, field, true);
      } else {
        field.textContent = text(row, column);
        field.onclick = () => choose(row, column);
      }
      Object.assign(field.style, look(row, column));
      field.onkeydown = (event) => move(event, grid, row, column);
      grid.append(field);
    }
  }
  return grid;
}
