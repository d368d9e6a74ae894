// The stations of one pass: which box, which block, and what happens there in a sentence. Defines stepsOf.
// Uses dom.js, numbers.js and draw.js.

const EACH_PART = 12; // with more blocks than this a block is one step

// [{box, layer, say}, ...] for the chosen token, from its id to the next token.
function stepsOf(data) {
  const { labels, walk, pictures, position, shapes } = data;
  const layers = walk.after.length;
  const quoted = (token) => fillIn(labels.quoted, { token });
  const shown = (probability) => percent(probability);
  const say = (name, values) => fillIn(labels[`step.${name}`], values);
  const token = quoted(data.tokens[position]);
  const { D } = shapes[0].embed;
  const steps = [
    { box: "tokens", say: say("tokens", { token, id: data.ids[position], count: pictures.vocabulary, position }) },
    { box: "embed", say: say("embed", { token, width: D, length: short(pictures.embedLength) }) },
  ];
  const { hands, length } = pictures.positions;
  steps.push({
    box: "positions",
    say: hands
      ? say("positions.rope", { position, turn: ((hands[0] * 180) / Math.PI).toFixed(0) })
      : say("positions.learned", { position, added: short(length), length: short(walk.before[0]) }),
  });
  for (let layer = 0; layer < layers; layer++) {
    const [key, weight] = pictures.looks[layer];
    const chosen = walk.experts[layer];
    const looks = { layer, head: data.head, key: quoted(data.tokens[key]), weight: shown(weight) };
    const experts = chosen.map(([expert, part]) => `${expert} (× ${short(part)})`).join(", ");
    const guess = { guess: quoted(walk.guess[layer]), percent: shown(walk.probability[layer]) };
    const attention = say("attn", { ...looks, added: short(walk.attention[layer]), length: short(walk.middle[layer]) });
    const name = chosen.length ? "experts" : "mlp";
    const wrote = { layer, experts, added: short(walk.mlp[layer]), length: short(walk.after[layer]) };
    const feedForward = `${say(name, wrote)} ${say("guess", guess)}`;
    if (layers <= EACH_PART) {
      steps.push({ box: "attn", layer, say: attention }, { box: "mlp", layer, say: feedForward });
    } else {
      steps.push({ box: "blocks", layer, say: `${attention} ${feedForward}` });
    }
  }
  const [best, others] = [pictures.next[0], pictures.next.slice(1, 3)];
  const [scale, score] = [pictures.scales.ln_final, pictures.logits.high].map(short);
  steps.push(
    { box: "ln_final", say: say("ln_final", { scale, length: short(walk.after[layers - 1]) }) },
    { box: "output", say: say("output", { count: pictures.vocabulary, best: quoted(best[0]), score }) },
    {
      box: "softmax",
      say: say("softmax", {
        best: quoted(best[0]),
        percent: shown(best[1]),
        others: others.map(([name, probability]) => `${quoted(name)} ${shown(probability)}`).join(", "),
      }),
    },
  );
  return steps;
}
