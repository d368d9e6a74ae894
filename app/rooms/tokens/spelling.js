// Each token under the characters and bytes that it stands for. A character that is cut has a dashed edge there.
// Uses dom.js and events.js.

const VISIBLE = { " ": "·", "\n": "↵", "\t": "⇥" };

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const { labels } = data;
  const cards = data.tokens.map(({ token, id, special, parts }, position) => {
    const card = element("button", "card");
    card.classList.toggle("special", special);
    card.setAttribute("aria-pressed", String(position === data.selected));
    const above = element("span", "characters");
    for (const [character, bytes, first, size, whole] of parts) {
      const box = element("span", "character");
      box.classList.toggle("from", first > 0);
      box.classList.toggle("on", first + bytes.length < size);
      box.append(element("span", "letter", character ? (VISIBLE[character] ?? character) : "?"));
      const row = element("span", "bytes");
      row.append(...bytes.map((byte) => element("span", "byte", byte)));
      box.append(row);
      if (!whole && character) {
        box.title = fillIn(labels.cut, { first: first + 1, last: first + bytes.length, size });
        if (!first) box.classList.add("begins");
      }
      above.append(box);
    }
    const below = element("span", "below");
    below.append(element("span", "token", token), element("span", "id", id));
    card.append(above, below);
    if (special) card.append(element("span", "mark", labels.special));
    card.onclick = () => setTriggerValue("choose", position);
    card.onmouseenter = card.onfocus = () => tellToken(position);
    card.onmouseleave = card.onblur = () => tellToken(null);
    return card;
  });
  replaceKeepingFocus(root, "card", ...cards);
  const chosen = cards[data.selected];
  const middle = chosen.offsetTop - root.offsetTop - (root.clientHeight - chosen.offsetHeight) / 2;
  if (root.scrollHeight > root.clientHeight) root.scrollTop = middle;
  return onToken((marked) => cards.forEach((card, position) => card.classList.toggle("marked", position === marked)));
}
