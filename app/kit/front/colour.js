// Colours of numbers. Defines rgb, css, inTurn, colourAt, colourTable, colourIn, contrast, inkOn, legend. Uses dom.js.
// A colour is [red, green, blue] of 0..255; a scale is [[place 0..1, "#rrggbb"], ...] from 0 to 1.

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const css = ([red, green, blue]) => `rgb(${red},${green},${blue})`;

// The colour of thing number `index`, where things take the colours of a list in turn.
const inTurn = (colours, index) => colours[index % colours.length];

// The colour of `share` on `scale`; what lies outside 0..1 has the colour of its end.
function colourAt(scale, share) {
  const place = clamp(share, 0, 1);
  const upper = Math.max(1, scale.findIndex(([stop]) => stop >= place));
  const [[from, low], [to, high]] = [scale[upper - 1], scale[upper]];
  const end = rgb(high);
  return rgb(low).map((channel, i) => Math.round(channel + ((end[i] - channel) * (place - from)) / (to - from)));
}

// `steps` colours of `scale` at equal distances, both ends included: to look up many numbers by `colourIn`.
const colourTable = (scale, steps = 513) => Array.from({ length: steps }, (_, i) => colourAt(scale, i / (steps - 1)));

const colourIn = (table, share) => table[Math.round(clamp(share, 0, 1) * (table.length - 1))];

// Contrast ratio of two colours, 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
function contrast(first, second) {
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((channel) => {
      const share = channel / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  };
  const [a, b] = [luminance(first), luminance(second)];
  return Math.max(a, b) / Math.min(a, b);
}

// Black or white, whichever is easier to read on `colour`.
function inkOn(colour) {
  return contrast(colour, [0, 0, 0]) >= contrast(colour, [255, 255, 255]) ? "#000000" : "#FFFFFF";
}

// A bar with the colours of a scale, and what its ends stand for.
function legend(low, scale, high) {
  const box = element("div", "legend");
  const bar = element("span", "bar");
  const stops = scale.map(([place, colour]) => `${colour} ${100 * place}%`);
  bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  box.append(element("span", "", low), bar, element("span", "", high));
  return box;
}
