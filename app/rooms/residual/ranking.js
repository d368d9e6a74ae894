// Heads by their effect, largest first; each row is a link to its head on the attention page. Uses dom.js.

// The same view on another page: what the address says now, with this layer and head.
function addressOf({ layer, head }) {
  const words = new URLSearchParams(location.search);
  words.set("layer", layer);
  words.set("head", head);
  return `./attention?${words}`;
}

export default function ({ data, parentElement }) {
  const { rows, labels, colours } = data;
  const root = parentElement.querySelector(".root");
  setColours(root, colours);
  describe(root, "group", labels.group);
  const links = rows.map((row) => {
    const link = element("a", "row");
    link.dataset.layer = row.layer;
    link.dataset.head = row.head;
    link.title = fillIn(labels.open, row);
    link.href = addressOf(row);
    link.onpointerover = link.onfocus = () => (link.href = addressOf(row)); // the address may have changed since
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
