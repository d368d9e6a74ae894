// The candidates for the next token, with one bar or two. Uses dom.js and token_rows.js.
export default function ({ data, parentElement, setTriggerValue }) {
  const { rows, labels, adjusted, colours } = data;
  const root = describe(parentElement.querySelector(".root"), "group", labels.group);
  root.classList.toggle("adjusted", adjusted);
  setColours(root, colours);
  const kinds = adjusted ? ["own", "drawn"] : ["own"]; // probabilities: the model's, and the one that sampling uses
  const buttons = tokenRows(root, {
    heads: [
      element("span", "number", labels.rank),
      element("span", "", labels.token),
      ...kinds.map((kind) => element("span", `number ${kind}`, labels[kind])),
    ],
    ticks: [
      [0, "0 %"],
      [0.5, "50 %"],
      [1, "100 %"],
    ],
    rows: rows.map((row) => ({
      id: row.id,
      rank: row.rank,
      token: row.token,
      bars: kinds.map((kind) => ({ share: row[kind], colour: colours[kind] })),
      numbers: kinds.map((kind) => row[`${kind}_text`]),
      title: fillIn(labels.append, { token: row.token }) + (row.real ? `\n${labels.real}` : ""),
    })),
  });
  buttons.forEach((button, i) => {
    button.classList.toggle("real", rows[i].real);
    button.classList.toggle("gap", rows[i].gap);
    button.onclick = () => setTriggerValue("choose", rows[i].id);
  });
}
