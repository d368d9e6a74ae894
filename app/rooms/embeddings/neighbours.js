// The tokens nearest to one; the map of the vocabulary marks the one under the mouse.
// Uses dom.js, events.js and token_rows.js.
export default function ({ data, parentElement, setTriggerValue }) {
  const { rows, labels, typical, colours } = data;
  const root = describe(parentElement.querySelector(".root"), "group", labels.group);
  setColours(root, colours);
  const low = Math.min(0, Math.floor(4 * typical) / 4); // a typical cosine may be negative
  const buttons = tokenRows(root, {
    heads: [
      element("span", "number", labels.rank),
      element("span", "", labels.token),
      element("span", "number", labels.measure),
    ],
    ticks: [...(low < 0 ? [low] : []), 0, 0.5, 1].map((value) => [value, String(value).replace("-", "−")]),
    low,
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
    const line = element("div", "typical");
    line.style.left = `${(100 * (typical - low)) / (1 - low)}%`;
    button.querySelector(".track").append(line);
    button.onclick = () => setTriggerValue("choose", id);
    button.onmouseenter = button.onfocus = () => tellVocabulary(id);
    button.onmouseleave = button.onblur = () => tellVocabulary(null);
  });
}
