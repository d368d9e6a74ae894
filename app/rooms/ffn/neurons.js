// The most active neurons, a button each, with what they write. Uses dom.js.
function bar(row, colours) {
  const track = element("span", "track");
  const made = element("span", row.share < 0 ? "bar negative" : "bar positive");
  made.style.width = `${50 * Math.abs(row.share)}%`;
  made.style.background = row.share < 0 ? colours.negative : colours.positive;
  track.append(made);
  return track;
}

function talk(tokens, side) {
  const cell = element("span", `cell talk ${side}`);
  for (const [token, logit] of tokens) {
    const chip = element("span", "chip");
    chip.append(element("span", "piece", token), element("small", "", logit));
    cell.append(chip);
  }
  return cell;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const { heads, rows, labels, colours } = data;
  const root = parentElement.querySelector(".root");
  setColours(root, colours);
  const table = element("div", "table");
  describe(table, "group", labels.group);
  table.style.setProperty("--numbers", heads.length - 4);
  const head = element("div", "row head");
  head.append(...heads.map((text, n) => element("span", n > 0 && n < heads.length - 3 ? "cell number" : "cell", text)));
  const lines = rows.map((row) => {
    const line = element("button", "row neuron");
    const off = row.neuron === data.chosen;
    line.dataset.neuron = row.neuron;
    line.title = fillIn(labels.switch, row);
    line.setAttribute("aria-pressed", String(off));
    const name = element("span", "cell who", fillIn(labels.neuron, row));
    if (off) name.append(element("b", "off", labels.off));
    const post = element("span", "cell post");
    post.append(bar(row, colours), element("span", "figure", row.post));
    line.append(name, ...row.numbers.map((text) => element("span", "cell number", text)), post);
    line.append(talk(row.up, "up"), talk(row.down, "down"));
    line.onclick = () => setTriggerValue("choose", row.neuron);
    return line;
  });
  table.append(head, ...lines);
  replaceKeepingFocus(root, "neuron", table);
}
