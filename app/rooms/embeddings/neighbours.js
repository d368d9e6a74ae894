// The tokens nearest to one; the map of the vocabulary marks the one under the mouse.
// Uses dom.js, events.js and token_rows.js.
export default function ({ data, parentElement, setTriggerValue }) {
  const { rows, labels, typical, colours } = data;
  const root = describe(parentElement.querySelector(".root"), "group", labels.group);
  setColours(root, colours);
  root.style.setProperty("--at", `${100 * clamp(typical, 0, 1)}%`);
  const buttons = tokenRows(root, {
    heads: [
      element("span", "number", labels.rank),
      element("span", "", labels.token),
      element("span", "number", labels.measure),
    ],
    ticks: ["0", "0.5", "1"],
    rows: rows.map(([id, token, measure, text], place) => ({
      id,
      rank: place + 1,
      token,
      bars: [{ share: measure, colour: colours.bar }],
      numbers: [text],
      title: `${fillIn(labels.choose, { token })} · id ${id}`,
    })),
  });
  buttons.forEach((button, place) => {
    const [id] = rows[place];
    button.querySelector(".track").append(element("div", "typical"));
    button.onclick = () => setTriggerValue("choose", id);
    button.onmouseenter = button.onfocus = () => tellVocabulary(id);
    button.onmouseleave = button.onblur = () => tellVocabulary(null);
  });
}
