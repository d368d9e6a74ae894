// A list of tokens with bars, each row a button: token_rows.css is its style. Defines tokenRows. Uses dom.js.

// Draw the list into `root`; its buttons, which a new run replaces without losing the keyboard's focus.
// heads: [rank, token, ...numbers], elements; ticks: [[value, text]] along the bars, which reach from `low`, a whole
// number of quarters, to 1; rows: [{id, rank, token, bars: [{share 0..1, colour}], numbers: [text], title}].
function tokenRows(root, { heads, ticks, rows, low = 0 }) {
  const place = (value) => `${(100 * (clamp(value, low, 1) - low)) / (1 - low)}%`;
  root.style.setProperty("--zero", place(0));
  root.style.setProperty("--quarter", `${25 / (1 - low)}%`);
  const tokenBar = (share, colour) => {
    const bar = element("div", "bar");
    bar.style.width = `calc(${place(share)} - ${place(0)})`;
    bar.style.background = colour;
    bar.style.visibility = share > 0 ? "visible" : "hidden";
    return bar;
  };
  const [rank, token, ...numbers] = heads;
  const scale = element("div", "scale");
  scale.append(
    ...ticks.map(([value, text]) => {
      const tick = element("span", "", text);
      tick.style.left = place(value);
      return tick;
    }),
  );
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
