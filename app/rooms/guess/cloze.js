// A text with a gap: Enter says a guess, Enter in the empty gap shows the token. Whoever types faster than Python
// answers loses nothing: what he asked for waits in a queue. Uses dom.js.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const { labels, said, rest, over } = data;
  setColours(root, data.colours);
  const state = (root.glassformerCloze ??= { gap: element("input", "gap"), queue: [], waits: false });
  const { gap } = state;
  gap.setAttribute("aria-label", labels.gap);
  gap.placeholder = "?";
  gap.autocomplete = "off";
  gap.spellcheck = false;
  gap.hidden = over;
  state.waits = false;

  const next = () => {
    if (state.waits || !state.queue.length) return;
    const [name, value] = state.queue.shift();
    if (name === "reveal" && !value && !said.length) {
      hint.textContent = labels.first;
      return next();
    }
    state.waits = true;
    setTriggerValue(name, value);
  };
  // `value` of "reveal": whether even without a guess.
  const ask = (name, value) => {
    state.queue.push([name, value]);
    next();
  };
  const hint = element("p", "hint", said.length ? labels.then : labels.hint);
  hint.setAttribute("role", "status");
  hint.hidden = over;
  gap.onkeydown = (event) => {
    if (event.key === "Backspace" && !gap.value && said.length && !state.waits) return drop(said.length - 1);
    if (event.key !== "Enter" || event.isComposing || event.repeat) return;
    event.preventDefault();
    const text = gap.value.trim();
    gap.value = "";
    if (text) ask("say", text);
    else ask("reveal", false);
  };
  const drop = (index) => {
    ask("drop", index);
    gap.focus();
  };

  const line = ({ token, note, share, printed }, index) => {
    const row = element("li", "candidate");
    const bar = element("span", "bar");
    bar.style.setProperty("--share", `${100 * share}%`);
    row.append(index < 0 ? element("span", "rest", token) : element("span", "chip", token), bar, element("span", "number", printed));
    if (index >= 0) {
      const button = element("button", "drop", "×");
      button.setAttribute("aria-label", fillIn(labels.drop, { token }));
      button.onclick = () => drop(index);
      row.append(button);
    }
    if (note) row.append(element("span", "note", note));
    return row;
  };
  const list = element("ul", "candidates");
  list.setAttribute("aria-label", labels.said);
  if (!over) list.append(...said.map(line), line(rest, -1));
  const reveal = element("button", "tool reveal", said.length ? labels.reveal : labels.skip);
  reveal.classList.toggle("primary", said.length > 0);
  reveal.onclick = () => {
    ask("reveal", true);
    gap.focus();
  };
  reveal.hidden = over;

  const text = (state.text ??= element("div", "text"));
  const before = (state.before ??= element("span", "before"));
  before.textContent = data.text;
  if (!text.isConnected) {
    text.append(before, gap);
    state.below = element("div", "below");
    root.replaceChildren(text, state.below);
    if (document.activeElement === document.body) gap.focus({ preventScroll: true });
  }
  state.below.replaceChildren(hint, list, reveal);
  next();
}
