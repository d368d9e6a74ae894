// One head's arrays as Python sent them, and the four stages of any cell. Defines STAGES, Head. Uses arrays.js.
// T tokens (rows are queries, columns are keys), Dh head width, Dv value width.

const STAGES = ["dot", "scaled", "masked", "softmax"];

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
    this.cap = data.cap ?? null; // scores are bent into -cap to cap before the mask
    this.sink = data.sink ?? null; // a score that stands in every row's softmax without a key
    this.scaled = new Float32Array(T * T);
    this.capped = new Float32Array(T * T);
    this.softmax = new Float32Array(T * T);
    let next = 0;
    for (let i = 0; i < T * T; i++) {
      this.scaled[i] = this.dot[i] * this.scale; // in float32, as the model multiplies
      this.capped[i] = this.cap === null ? this.scaled[i] : this.cap * Math.tanh(this.scaled[i] / this.cap);
      if (this.allowed[i]) this.softmax[i] = weights[next++];
    }
    this.range = { dot: largest(this.dot), scaled: largest(this.scaled) };
    this.range.masked = largest(this.capped); // the mask changes no number, so no colour either
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

  // exp(x - max) of each key of a row that the query may look at, of the sink, and the sum of all.
  row(query) {
    const keys = [];
    let max = this.sink === null ? -Infinity : this.sink;
    for (let key = 0; key < this.T; key++) {
      if (!this.allowed[query * this.T + key]) continue;
      keys.push(key);
      max = Math.max(max, this.capped[query * this.T + key]);
    }
    const powers = keys.map((key) => Math.exp(this.capped[query * this.T + key] - max));
    const rest = this.sink === null ? 0 : Math.exp(this.sink - max);
    return { keys, max, powers, rest, sum: powers.reduce((a, b) => a + b, rest) };
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
