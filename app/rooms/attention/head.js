// One head's arrays as Python sent them, and the stages of any cell. Defines STAGES, Head. Uses arrays.js.
// T tokens (rows are queries, columns are keys), Dh head width, Dv value width.

const STAGES = ["dot", "scaled", "capped", "masked", "softmax"]; // "capped" only where the layer has a cap

class Head {
  constructor(data) {
    const T = data.tokens.length;
    this.T = T;
    this.tokens = data.tokens;
    this.scale = Math.fround(data.scale);
    this.query = float32(data.query); // (T, Dh)
    this.key = float32(data.key); // (T, Dh)
    this.value = float32(data.value); // (T, Dv)
    this.result = float32(data.result); // (T, Dv)
    this.Dh = this.query.length / T;
    this.Dv = this.value.length / T;
    this.dot = float32(data.dot); // (T, T)
    this.allowed = bits(data.mask, T * T); // 1 where the query may look
    const weights = float32(data.pattern); // of those cells, row by row
    this.scaled = new Float32Array(T * T);
    this.softmax = new Float32Array(T * T);
    let next = 0;
    for (let i = 0; i < T * T; i++) {
      this.scaled[i] = this.dot[i] * this.scale; // in float32, as the model multiplies
      if (this.allowed[i]) this.softmax[i] = weights[next++];
    }
    this.range = { dot: largest(this.dot), scaled: largest(this.scaled) };
    const { cap } = data;
    this.cap = cap; // scaled scores s become cap * tanh(s / cap), where the layer does so
    this.sink = data.sink; // a score that each row's softmax has beside the keys', or null
    this.capped = cap === null ? this.scaled : this.scaled.map((s) => cap * Math.tanh(s / cap));
    this.stages = STAGES.filter((stage) => stage !== "capped" || cap !== null);
    this.rest = float32(data.rest); // (T,) what each row gives to the sink
    this.range.capped = this.range.masked = largest(this.capped); // the mask changes no number, so no colour either
    this.range.softmax = 1;
  }

  // The number of a stage's cell; minus infinity where the mask made it so.
  at(stage, query, key) {
    const i = query * this.T + key;
    if (stage === "masked") return this.allowed[i] ? this.capped[i] : -Infinity;
    return this[stage][i];
  }

  isMasked(stage, query, key) {
    return (stage === "masked" || stage === "softmax") && !this.allowed[query * this.T + key];
  }

  // exp(x - max) of each key of a row that the query may look at, and their sum.
  row(query) {
    const keys = [];
    let max = this.sink ?? -Infinity;
    for (let key = 0; key < this.T; key++) {
      if (!this.allowed[query * this.T + key]) continue;
      keys.push(key);
      max = Math.max(max, this.capped[query * this.T + key]);
    }
    const powers = keys.map((key) => Math.exp(this.capped[query * this.T + key] - max));
    const sink = this.sink === null ? 0 : Math.exp(this.sink - max);
    return { keys, max, powers, sum: powers.reduce((a, b) => a + b, sink) };
  }

  strongest(query) {
    let best = 0;
    for (let key = 1; key < this.T; key++) {
      if (this.at("softmax", query, key) > this.at("softmax", query, best)) best = key;
    }
    return best;
  }
}

// The largest size of a number, where that is not zero: the end of a colour scale.
function largest(array) {
  let maximum = 0;
  for (const x of array) maximum = Math.max(maximum, Math.abs(x));
  return maximum || 1;
}
