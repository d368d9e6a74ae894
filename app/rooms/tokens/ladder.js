// The steps from bytes to tokens: in each row the symbols, and the one that the step has made. Uses dom.js.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const { rows, labels } = data;
  const list = element("ol", "ladder");
  rows.forEach(({ symbols, rank, place }, step) => {
    const next = rows[step + 1]?.place;
    const line = element("li", "step");
    const row = element("span", "symbols");
    symbols.forEach(([text, id], i) => {
      const symbol = element("span", "symbol", text);
      symbol.title = `id ${id}`;
      symbol.classList.toggle("made", i === place);
      symbol.classList.toggle("merges", i === next || i === next + 1);
      row.append(symbol);
    });
    const start = fillIn(labels.start, { count: symbols.length });
    const rule = rank === null ? start : fillIn(labels.rule, { rank: rank + 1 });
    line.append(element("span", "rule", rule), row);
    list.append(line);
  });
  root.replaceChildren(list);
}
