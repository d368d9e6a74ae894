// A table of words with two bars each: the model's probability and the class's. Uses dom.js.
export default function ({ data, parentElement }) {
  const { rows, labels } = data;
  const root = parentElement.querySelector(".root");
  setColours(root, data.colours);
  const table = element("table");
  const head = element("tr");
  const title = (text, className = "") => {
    const cell = element("th", className, text);
    cell.scope = "col";
    return cell;
  };
  head.append(title(labels.rank), title(labels.token), title(labels.model, "number model"), title(labels.ours, "number ours"));
  const top = element("thead");
  top.append(head);
  const body = element("tbody");
  const share = (className, value, text) => {
    const cell = element("td", `number ${className}`);
    const bar = element("span", "bar");
    bar.style.width = `${100 * clamp(value, 0, 1)}%`;
    cell.append(bar, element("span", "text", text));
    return cell;
  };
  for (const row of rows) {
    const line = element("tr");
    line.classList.toggle("real", row.real);
    const word = element("td");
    word.append(element("span", "chip", row.token));
    if (row.real) word.append(element("span", "mark", labels.real));
    line.append(element("td", "rank", row.rank), word, share("model", row.model, row.model_text), share("ours", row.ours, row.ours_text));
    body.append(line);
  }
  table.append(element("caption", "", labels.caption), top, body);
  root.replaceChildren(table);
}
