// Heads by their effect, largest first; each row leads to its head on the attention page. Uses dom.js and events.js.
export default function ({ data, parentElement, setTriggerValue }) {
  const { rows, labels, colours } = data;
  const root = parentElement.querySelector(".root");
  setColours(root, colours);
  describe(root, "group", labels.group);
  const links = rows.map((row) => {
    const link = element("button", "row");
    link.dataset.layer = row.layer;
    link.dataset.head = row.head;
    link.title = fillIn(labels.open, row);
    link.onclick = () => {
      tellGoing();
      setTriggerValue("open", { layer: row.layer, head: row.head });
    };
    const track = element("span", "track");
    const bar = element("span", row.share < 0 ? "bar negative" : "bar positive");
    bar.style.width = `${50 * Math.abs(row.share)}%`;
    bar.style.background = row.share < 0 ? colours.negative : colours.positive;
    track.append(bar);
    link.append(element("span", "name", fillIn(labels.name, row)), track, element("span", "number", row.text));
    return link;
  });
  replaceKeepingFocus(root, "row", ...links);
}
