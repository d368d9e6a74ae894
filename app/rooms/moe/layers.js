// Every layer's weights as a small map, with the load of its experts below; a click chooses the layer.
// Uses dom.js, colour.js, arrays.js and events.js.
const OUTLINED = 8; // px: cells as small as this have no room for a frame

export default function ({ data, parentElement, setTriggerValue }) {
  const [LOAD, NUMBERS] = [34, 20].map(px); // below each map, and the experts' numbers above it
  const TILE = px(120); // a narrow window has fewer maps side by side
  const { tokens, layers, labels, colours, most } = data;
  const root = parentElement.querySelector(".root");
  const tables = data.weights.map(float32); // each (T, E)
  const [T, E] = [tokens.length, tables[0].length / tokens.length];
  root.style.setProperty("--grid", colours.grid);
  root.style.setProperty("--accent", colours.own);

  const readout = readoutLine(labels.point);
  const tiles = layers.map((layer) => {
    const tile = element("button", "tile");
    tile.dataset.layer = layer;
    tile.setAttribute("aria-pressed", String(layer === data.layer));
    const name = element("span", "", fillIn(labels.layer, { layer }));
    const canvas = describe(element("canvas"), "img", fillIn(labels.group, { layer }));
    tile.append(name, canvas);
    tile.onclick = () => setTriggerValue("layer", layer);
    return { tile, canvas, layer };
  });
  const lines = layers.length <= 6 ? 1 : Math.ceil(layers.length / 8);
  const across = Math.ceil(layers.length / lines);
  const down = Math.ceil(layers.length / across);
  const grid = element("div", "tiles");
  grid.style.gridTemplateColumns = `repeat(auto-fill, minmax(max(${TILE}px, calc(${100 / across}% - 8px)), 1fr))`;
  grid.append(...tiles.map(({ tile }) => tile));
  root.replaceChildren(readout, grid);

  const tall = Math.max(80, Math.min(tallPicture(data.height) / down - 40, px(34) * T + LOAD + NUMBERS));
  const family = getComputedStyle(root).fontFamily;
  const names = down === 1 && (tall - LOAD - NUMBERS) / T >= px(18); // tokens' names beside the first map
  function draw(marked) {
    tiles.forEach(({ canvas, tile }, n) => {
      const width = tile.clientWidth - 2 * 8;
      if (width <= 0) return;
      const context = sharpCanvas(canvas, width, tall);
      context.textBaseline = "middle";
      const left = names && width > px(150) ? px(64) : 0;
      const [w, h] = [(width - left) / E, (tall - LOAD - NUMBERS) / T];
      const inset = h > 6 ? 1 : 0;
      context.font = `${FONT_SIZE}px ${family}`;
      const load = new Float64Array(E);
      const every = Math.ceil(px(20) / w); // experts from number to number
      context.fillStyle = colours.faint;
      context.textAlign = "center";
      for (let e = 0; e < E; e += every) context.fillText(e, left + (e + 0.5) * w, NUMBERS / 2);
      context.textAlign = "left";
      context.translate(0, NUMBERS);
      for (let t = 0; t < T; t++) {
        if (left) {
          context.fillStyle = colours.ink;
          context.fillText(cutText(context, tokens[t], left - 8), 2, (t + 0.5) * h);
        }
        for (let e = 0; e < E; e++) {
          const value = tables[n][t * E + e];
          load[e] += Number.isNaN(value) ? 0 : 1;
          context.fillStyle = Number.isNaN(value) ? colours.masked : css(colourAt(colours.scale, value / most));
          context.fillRect(left + e * w, t * h, Math.max(1, w - inset), Math.max(1, h - inset));
          if (Number.isNaN(value) || Math.min(w, h) < OUTLINED) continue;
          context.lineWidth = 2; // a chosen expert of tiny weight is paler than an idle one
          context.strokeStyle = inTurn(colours.experts, e);
          context.strokeRect(left + e * w + 1, t * h + 1, w - inset - 2, h - inset - 2);
        }
      }
      const total = load.reduce((a, b) => a + b, 0);
      const highest = Math.max((2 * total) / E, ...load);
      const foot = tall - NUMBERS;
      load.forEach((count, e) => {
        const high = ((LOAD - 8) * count) / highest;
        context.fillStyle = inTurn(colours.experts, e);
        context.fillRect(left + e * w, foot - high, Math.max(1, w - 1), high);
      });
      const even = foot - ((LOAD - 8) * total) / E / highest;
      context.setLineDash([4, 3]);
      context.strokeStyle = colours.ink;
      context.beginPath();
      context.moveTo(left, even);
      context.lineTo(width, even);
      context.stroke();
      context.setLineDash([]);
      for (const t of new Set([data.selected, marked])) {
        if (t === null || t >= T) continue;
        context.lineWidth = 2;
        context.strokeStyle = t === data.selected ? colours.own : colours.ink;
        context.strokeRect(left + 1, t * h, width - left - 2, Math.max(2, h - 1));
      }
      canvas.onmousemove = (event) => {
        const box = canvas.getBoundingClientRect();
        const t = Math.floor((event.clientY - box.top - NUMBERS) / h);
        const e = Math.floor((event.clientX - box.left - left) / w);
        if (t < 0 || t >= T || e < 0 || e >= E) return;
        const weight = tables[n][t * E + e];
        const words = Number.isNaN(weight) ? labels.unchosen : labels.cell;
        const values = { layer: layers[n], token: tokens[t], expert: e, weight: weight.toFixed(4) };
        readout.textContent = fillIn(words, values);
      };
      canvas.onmouseleave = () => (readout.textContent = labels.point);
    });
  }
  return drawWithToken(root, draw);
}
