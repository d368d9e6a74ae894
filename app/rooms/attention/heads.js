// Heads as thumbnails: a radio group of small canvases.
function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

function ramp(scale) {
  return Array.from({ length: 256 }, (_, i) => {
    const upper = Math.max(1, scale.findIndex(([position]) => position >= i / 255));
    const [[low, from], [high, to]] = [scale[upper - 1], scale[upper]];
    const [a, b] = [rgb(from), rgb(to)];
    return a.map((channel, c) => channel + ((i / 255 - low) / (high - low)) * (b[c] - channel));
  });
}

function thumbnail(bytes, side, colours) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const image = new ImageData(side, side);
  bytes.forEach((byte, i) => image.data.set([...colours[byte], 255], 4 * i));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { count, side, selected } = data;
  const root = parentElement.querySelector(".root");
  root.setAttribute("role", "radiogroup");
  root.setAttribute("aria-label", data.label);
  const bytes = Uint8Array.from(atob(data.pictures), (c) => c.charCodeAt(0));
  const colours = ramp(data.colours.probability);
  const buttons = Array.from({ length: count }, (_, head) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "head";
    button.title = data.name.replace("{head}", head);
    button.setAttribute("role", "radio");
    button.setAttribute("aria-label", button.title);
    button.setAttribute("aria-checked", String(head === selected));
    button.tabIndex = head === selected ? 0 : -1;
    const number = document.createElement("span");
    number.textContent = head;
    button.append(thumbnail(bytes.subarray(head * side * side, (head + 1) * side * side), side, colours), number);
    button.onclick = () => setTriggerValue("choose", head);
    button.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = (head + step + count) % count;
      buttons[next].focus();
      setTriggerValue("choose", next);
    };
    return button;
  });
  // A new run replaces the buttons: whoever had the keyboard's focus keeps it.
  const focused = [...root.children].indexOf(root.getRootNode().activeElement);
  root.replaceChildren(...buttons);
  if (focused >= 0) buttons[selected].focus({ preventScroll: true });
  const chosen = buttons[selected];
  if (chosen && root.scrollWidth > root.clientWidth) root.scrollLeft = chosen.offsetLeft - root.offsetLeft - root.clientWidth / 2;
}
