// The model drawn from its config: the way of the tokens above, one block opened below. A box is a link to its room.
// Uses dom.js, colour.js, arrays.js, events.js, numbers.js, draw.js, steps.js and player.js.

const GUESSES = 12; // with more blocks their bars are too narrow for words

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const { labels, walk, pictures, position } = data;
  const layers = walk.after.length;
  const tokens = data.tokens.length;
  const longest = Math.max(...walk.before, ...walk.middle, ...walk.after);
  const total = Object.values(data.parameters).reduce((sum, count) => sum + count, 0);
  const [negative, positive] = [0.1, 0.9].map((share) => css(colourAt(data.colours.signed, share)));
  const colours = { ...data.colours, positive, negative };
  setColours(root, data.colours);
  root.glassformerStop?.();

  // The state of the page in the browser: which block is open, and where the pass stands. A new prompt begins anew.
  const mark = [data.ids.join("."), position, data.head, data.parts.length].join(" ");
  const memory = root.glassformerMap?.mark === mark ? root.glassformerMap : { mark, step: -1, playing: false };
  root.glassformerMap = memory;
  let open = data.layer;

  const go = (address, words) => {
    tellGoing();
    setTriggerValue("go", { address, words });
  };

  // One box: name, kind, picture, shape, parameters. `name` is a key of data.names and data.rooms.
  function boxOf(name, { room = name, layer = null, words = {}, weights = [], id = name }, ...picture) {
    const address = data.rooms[room];
    const box = element(address ? "a" : "div", `box ${name}`);
    const [title, kind] = data.names[layer ?? 0][name];
    const count = weights.reduce((sum, key) => sum + (data.parameters[key] ?? 0), 0);
    const shape = Object.entries(data.shapes[layer ?? 0][name]).map(([letter, size]) => `${letter}=${size}`);
    box.dataset.box = id;
    const head = element("div", "line");
    head.append(element("span", "title", title));
    if (kind) head.append(element("span", "kind", kind));
    const foot = element("div", "line foot");
    foot.append(element("span", "shape", shape.join(", ")));
    if (count) foot.append(element("span", "weights", `${rounded(count)} · ${percent(count / total)}`));
    box.append(head, ...picture, foot);
    for (const canvas of box.querySelectorAll("canvas")) canvas.ariaHidden = "true"; // the words around it say what it is
    const exactly = fillIn(labels.parameters, { count: count.toLocaleString("en"), share: percent(count / total) });
    box.title = count ? exactly : labels.free;
    box.dataset.parameters = count;
    if (address) {
      const shown = layer === null ? words : { layer, ...words };
      const complete = () => {
        const query = new URLSearchParams(location.search);
        for (const [word, value] of Object.entries(shown)) query.set(word, value);
        box.href = `./${address}?${query}`;
      };
      complete();
      box.onpointerover = box.onfocus = complete;
      box.onclick = (event) => {
        if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(address, shown);
      };
    }
    return box;
  }

  const rounded = (count) => {
    const [unit, sign] = count >= 1e9 ? [1e9, " B"] : count >= 1e6 ? [1e6, " M"] : count >= 1e3 ? [1e3, " K"] : [1, ""];
    return unit === 1 ? String(count) : short(count / unit) + sign;
  };
  const onRows = { scale: data.colours.signed, tokens, position, words: labels };
  const idList = () => {
    const list = element("div", "ids");
    const first = clamp(position - 1, 0, Math.max(0, tokens - 3));
    for (let i = first; i < Math.min(tokens, first + 3); i++) {
      const row = element("div", i === position ? "id chosen" : "id");
      row.append(element("span", "token", data.tokens[i]), element("span", "", data.ids[i]));
      list.append(row);
    }
    return list;
  };

  // ---- the blocks, as bars as long as the stream that leaves them
  const bars = element("div", "bars");
  const buttons = walk.after.map((length, layer) => {
    const button = element("button", "block");
    const bar = element("span", "bar");
    bar.style.height = `${(100 * length) / longest}%`;
    const well = element("span", "well");
    well.append(bar);
    if (layers <= GUESSES) well.append(element("span", "guess", walk.guess[layer]));
    button.append(well);
    button.append(element("span", "number", layers <= GUESSES || layer % 5 === 0 ? layer : ""));
    const percentage = percent(walk.probability[layer]);
    const values = { layer, length: short(length), guess: walk.guess[layer], percent: percentage };
    button.title = fillIn(labels.block, values);
    button.setAttribute("aria-label", button.title);
    button.onclick = () => {
      openBlock(layer);
      setTriggerValue("open", layer);
    };
    return button;
  });
  bars.append(...buttons);
  const stack = element("div", "box blocks");
  stack.dataset.box = "blocks";
  const inBlocks = Object.keys(data.parameters).filter((key) => key.startsWith("blocks."));
  const blockCount = inBlocks.reduce((sum, key) => sum + data.parameters[key], 0);
  const foot = element("div", "line foot");
  foot.append(
    element("span", "shape", labels.bars),
    element("span", "weights", `${rounded(blockCount)} · ${percent(blockCount / total)}`),
  );
  stack.append(element("span", "title", fillIn(data.names[0].blocks[0], { count: layers })), bars, foot);
  stack.dataset.parameters = blockCount;

  // ---- the row of the whole model
  const positions = pictures.positions.hands
    ? smallHands(pictures.positions.hands, px(112), px(44), colours)
    : smallRows(pictures.positions, onRows);
  const whole = element("div", "whole");
  const finalBars = smallBars(pictures.norms.ln_final, px(112), px(52), colours);
  whole.append(
    boxOf("tokens", {}, idList()),
    boxOf("embed", { weights: ["embed"] }, smallRows(pictures.embed, onRows)),
    boxOf("positions", { weights: ["pos_embed"] }, positions),
    stack,
    boxOf("ln_final", { room: "norm", words: { norm: "final" }, weights: ["ln_final"] }, finalBars),
    boxOf("output", { weights: ["unembed"] }, smallHistogram(pictures.logits.bins, px(112), px(52), colours)),
    boxOf("softmax", {}, smallNext(pictures.next, 5)),
  );

  // ---- the open block
  const opened = element("section", "opened");
  function openBlock(layer) {
    open = layer;
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === layer)));
    const way = element("div", "way");
    const parallel = !data.parts[layer].includes("add1"); // both parts read what enters, and one sum takes both
    const letters = [walk.before[layer], walk.attention[layer], walk.middle[layer], walk.mlp[layer], walk.after[layer]];
    way.append(
      ...data.parts[layer].map((part) => {
        const name = `blocks.${layer}.${part}`;
        if (part.startsWith("add")) {
          const lengths = parallel ? [0, 1, 3] : part === "add1" ? [0, 1] : [2, 3];
          const [before, ...added] = lengths.map((i) => letters[i]);
          const said = `${added.map((length) => `+ ${short(length)}`).join(" ")} → ${short(letters[part === "add1" ? 2 : 4])}`;
          const sums = smallSums([before, ...added], Math.max(before, ...added), colours);
          return boxOf("add", { layer, id: part }, sums, element("span", "numbers", said));
        }
        if (part === "attn") {
          const side = pictures.side;
          const bytes = uint8(data.pictures.patterns).subarray(layer * side * side, (layer + 1) * side * side);
          const [looked, weight] = pictures.looks[layer];
          const both = element("div", "both");
          const key = fillIn(labels.quoted, { token: data.tokens[looked] });
          const values = { head: data.head, key, weight: percent(weight) };
          const shown = { scale: data.colours.probability, masked: data.colours.masked, tokens, position };
          const said = element("div", "numbers", fillIn(labels.looks, values));
          const each = Math.ceil(tokens / side);
          if (each > 1) said.append(element("div", "kind", fillIn(labels.thinned, { each })));
          both.append(smallPattern(bytes, side, shown), said);
          return boxOf("attn", { layer, weights: [name] }, both);
        }
        if (part === "mlp") {
          const { load, neurons } = pictures.mlp[layer];
          const chosen = new Map(walk.experts[layer]);
          const picture = load ? smallLoad(load, chosen, px(200), px(60), colours) : smallBars(neurons, px(200), px(60), colours);
          const words = load ? labels.load : labels.neurons;
          const list = [...chosen].map(([expert, part]) => `${expert} (× ${short(part)})`).join(", ");
          const text = element("span", "numbers", fillIn(words, { experts: list }));
          return boxOf("mlp", { room: load ? "experts" : "dense", layer, weights: [name] }, picture, text);
        }
        const divided = element("span", "numbers", `÷ ${short(pictures.scales[name])}`);
        const bars = smallBars(pictures.norms[name], px(100), px(52), colours);
        const words = { norm: part.startsWith("ln1") ? "first" : "second" };
        return boxOf("norm", { layer, words, weights: [name], id: part }, bars, divided);
      }),
    );
    if (parallel) {
      const boxes = [...way.children];
      const lane = (ofIt) => {
        const row = element("div", "lane");
        row.append(...boxes.filter((_, i) => ofIt.test(data.parts[layer][i])));
        return row;
      };
      const lanes = element("div", "lanes");
      lanes.append(lane(/^(ln1|attn)/), lane(/^(ln2|mlp)/));
      way.prepend(lanes);
    }
    const heading = element("h5", "", fillIn(labels.opened, { layer, last: layers - 1 }));
    if (parallel) heading.append(element("span", "kind", labels.parallel));
    replaceKeepingFocus(opened, "box", heading, way);
  }

  // ---- one pass
  const steps = stepsOf(data);
  const rider = element("span", "rider chip", data.tokens[position]);
  rider.hidden = true;
  const sheet = element("div", "sheet");
  const showStep = (index) => {
    sheet.querySelectorAll(".here").forEach((box) => box.classList.remove("here"));
    const step = steps[index];
    rider.hidden = !step;
    if (!step) return;
    if (step.layer !== undefined && step.layer !== open) openBlock(step.layer);
    const target = step.box === "blocks" ? buttons[step.layer] : sheet.querySelector(`[data-box="${step.box}"]`);
    target.classList.add("here");
    if (step.layer !== undefined) buttons[step.layer].classList.add("here");
    const [area, ground] = [target.getBoundingClientRect(), sheet.getBoundingClientRect()];
    const [x, y] = [area.right - ground.left - rider.offsetWidth - 8, area.top - ground.top - 14];
    rider.style.transform = `translate(${x}px, ${y}px)`;
  };
  const run = player(steps, labels, memory, showStep);
  root.glassformerStop = run.stop;

  openBlock(memory.step >= 0 && steps[memory.step].layer !== undefined ? steps[memory.step].layer : data.layer);
  sheet.append(whole, opened, rider);
  const focus = root.getRootNode().activeElement;
  const place = [...root.querySelectorAll("a, button, input")].indexOf(focus);
  root.replaceChildren(run.box, sheet);
  if (place >= 0) root.querySelectorAll("a, button, input")[place]?.focus({ preventScroll: true });
  run.paint();
  return run.stop;
}
