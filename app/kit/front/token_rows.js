// A list of tokens with bars, each row a button: token_rows.css is its style. Defines tokenRows;
// for itself tokenBar. Uses dom.js.

function tokenBar(share, colour) {
  const bar = element("div", "bar");
  bar.style.width = `${100 * clamp(share, 0, 1)}%`;
  bar.style.background = colour;
  bar.style.visibility = share > 0 ? "visible" : "hidden";
  return bar;
}

// Draw the list into `root`; its buttons, which a new run replaces without losing the keyboard's focus.
// heads: [rank, token, ...numbers], elements; ticks: texts along the bars;
// rows: [{id, rank, token, bars: [{share 0..1, colour}], numbers: [text], title}].
function tokenRows(root, { heads, ticks, rows }) {
  const [rank, token, ...numbers] = heads;
  const scale = element("div", "scale");
  scale.append(...ticks.map((tick) => element("span", "", tick)));
  const head = element("div", "line head");
  head.append(rank, token, scale, ...numbers);
  const buttons = rows.map((row) => {
    const button = element("button", "line row");
    button.dataset.id = row.id;
    button.title = row.title;
    const track = element("div", "track");
    track.append(...row.bars.map(({ share, colour }) => tokenBar(share, colour)));
    button.append(element("span", "number rank", row.rank), element("span", "chip", row.token), track);
    button.append(...row.numbers.map((text) => element("span", "number", text)));
    return button;
  });
  replaceKeepingFocus(root, "row", head, ...buttons);
  return buttons;
}
