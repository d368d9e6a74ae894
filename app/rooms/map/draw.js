// The small pictures in the boxes. Defines smallRows, framed, smallBars, smallHands, smallPattern, smallLoad,
// smallSums, smallHistogram, smallNext, short; for itself canvasOf. Uses dom.js, colour.js, arrays.js, numbers.js.

// A length or a score with two or three digits that count.
const short = (value) => {
  const size = Math.abs(value);
  const text = size < 0.1 ? String(Number(value.toPrecision(2))) : value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
  return text.replaceAll("-", "−");
};

// Vectors near the chosen token's as rows of coloured cells; its own row is framed, and cut ends are said.
function smallRows({ first, rows, columns, values, most }, { scale, tokens, position, words }) {
  const numbers = float32(values);
  const table = colourTable(scale);
  const box = element("div", "rows");
  const canvas = pixelCanvas(columns, rows, (i) => colourIn(table, 0.5 + numbers[i] / (2 * most || 1)));
  box.append(framed(canvas, position - first, rows));
  if (rows < tokens) box.append(element("span", "numbers", fillIn(words.window, { first, last: first + rows - 1 })));
  return box;
}

// `canvas` of `rows` rows, the row `row` in a frame.
function framed(canvas, row, rows) {
  const box = element("div", "cells");
  const frame = element("div", "frame");
  frame.style.top = `${(100 * row) / rows}%`;
  frame.style.height = `${100 / rows}%`;
  box.append(canvas, frame);
  return box;
}

function canvasOf(width, height, draw) {
  const canvas = element("canvas", "fixed");
  draw(sharpCanvas(canvas, width, height));
  return canvas;
}

// One vector as bars up and down from zero.
function smallBars(values, width, height, colours) {
  const numbers = float32(values);
  const most = Math.max(1e-9, ...numbers.map(Math.abs));
  return canvasOf(width, height, (context) => {
    const step = width / numbers.length;
    numbers.forEach((value, i) => {
      const size = (Math.abs(value) / most) * (height / 2 - 1);
      context.fillStyle = value < 0 ? colours.negative : colours.positive;
      context.fillRect(i * step, value < 0 ? height / 2 : height / 2 - size, Math.max(1, step - 0.6), size);
    });
    context.fillStyle = colours.faint;
    context.fillRect(0, height / 2 - 0.5, width, 1);
  });
}

// Rotating pairs as hands of clocks, the fastest first.
function smallHands(angles, width, height, colours) {
  const radius = Math.min(height / 2 - 2, width / angles.length / 2 - 2);
  return canvasOf(width, height, (context) => {
    angles.forEach((angle, i) => {
      const [x, y] = [((i + 0.5) * width) / angles.length, height / 2];
      context.strokeStyle = colours.faint;
      context.lineWidth = 1;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.stroke();
      context.strokeStyle = colours.own;
      context.lineWidth = 2.5;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + radius * Math.cos(angle), y - radius * Math.sin(angle));
      context.stroke();
    });
  });
}

// One head's attention; the chosen token's row is framed.
function smallPattern(bytes, side, { scale, masked, tokens, position }) {
  const table = colourTable(scale, 256);
  const hidden = rgb(masked);
  const later = (i) => i % side > Math.floor(i / side);
  const canvas = pixelCanvas(side, side, (i) => (later(i) && !bytes[i] ? hidden : table[bytes[i]]));
  const box = framed(canvas, Math.floor((position * side) / tokens), side);
  box.classList.add("pattern");
  return box;
}

// How many tokens went to each expert; those of the chosen token in the accent's colour.
function smallLoad(load, chosen, width, height, colours) {
  const most = Math.max(1, ...load);
  return canvasOf(width, height, (context) => {
    const step = width / load.length;
    load.forEach((count, expert) => {
      const size = (count / most) * (height - 2);
      context.fillStyle = chosen.has(expert) ? colours.accent : colours.residual;
      context.fillRect(expert * step, height - 1 - size, Math.max(1, step - (step > 4 ? 2 : 0.5)), size);
    });
    context.fillStyle = colours.faint;
    context.fillRect(0, height - 1, width, 1);
  });
}

// Bars: how long the stream is, and how long what is added to it.
function smallSums(lengths, most, colours) {
  const box = element("div", "sums");
  lengths.forEach((length, i) => {
    const bar = element("div", "sum");
    bar.style.width = `${(100 * length) / most}%`;
    bar.style.background = i ? colours.own : colours.residual;
    box.append(bar);
  });
  return box;
}

// How many of the vocabulary's tokens have which score.
function smallHistogram(bins, width, height, colours) {
  const most = Math.max(...bins);
  return canvasOf(width, height, (context) => {
    const step = width / bins.length;
    bins.forEach((share, i) => {
      const size = share ? Math.max(1.5, (share / most) * (height - 2)) : 0; // the few at the ends must be seen
      context.fillStyle = i === bins.length - 1 ? colours.accent : colours.residual;
      context.fillRect(i * step, height - 1 - size, Math.max(1, step - 0.6), size);
    });
  });
}

// The likeliest next tokens with their probabilities.
function smallNext(next, count) {
  const box = element("div", "next");
  for (const [token, probability] of next.slice(0, count)) {
    const row = element("div", "candidate");
    row.style.setProperty("--share", `${100 * probability}%`);
    row.append(element("span", "token", token), element("span", "", percent(probability)));
    box.append(row);
  }
  return box;
}
