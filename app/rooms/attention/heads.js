// Heads as thumbnails: a radio group of small canvases. Uses dom.js, colour.js and arrays.js.
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export default function ({ data, parentElement, setTriggerValue }) {
  const { count, side, selected } = data;
  const root = describe(parentElement.querySelector(".root"), "radiogroup", data.label);
  const weights = uint8(data.pictures); // (count, side, side)
  const colours = colourTable(data.colours.probability, 256);
  const buttons = Array.from({ length: count }, (_, head) => {
    const button = describe(element("button", "head"), "radio", fillIn(data.name, { head }));
    button.title = button.getAttribute("aria-label");
    button.setAttribute("aria-checked", String(head === selected));
    button.tabIndex = head === selected ? 0 : -1;
    const thumbnail = pixelCanvas(side, side, (i) => colours[weights[head * side * side + i]]);
    button.append(thumbnail, element("span", "", head));
    button.onclick = () => setTriggerValue("choose", head);
    button.onkeydown = (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      const next = (head + step + count) % count;
      buttons[next].focus();
      setTriggerValue("choose", next);
    };
    return button;
  });
  // A new run replaces the buttons: whoever had the keyboard's focus finds it on the chosen head.
  const focused = root.contains(root.getRootNode().activeElement);
  root.replaceChildren(...buttons);
  const chosen = buttons[selected];
  if (focused) chosen.focus({ preventScroll: true });
  if (chosen && root.scrollWidth > root.clientWidth) {
    root.scrollLeft = chosen.offsetLeft - root.offsetLeft - root.clientWidth / 2;
  }
}
