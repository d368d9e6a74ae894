// What Python sent, as typed arrays, and the four stages of any cell.
// T tokens (rows are queries, columns are keys), Dh head width, Dv value width.

const STAGES = ["dot", "scaled", "masked", "softmax"];

function unpacked(text, Type) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Type(bytes.buffer);
}

class Head {
  constructor(data) {
    const T = data.tokens.length;
    this.T = T;
    this.tokens = data.tokens;
    this.scale = Math.fround(data.scale);
    this.query = unpacked(data.query, Float32Array); // (T, Dh)
    this.key = unpacked(data.key, Float32Array); // (T, Dh)
    this.value = unpacked(data.value, Float32Array); // (T, Dv)
    this.result = unpacked(data.result, Float32Array); // (T, Dv)
    this.Dh = this.query.length / T;
    this.Dv = this.value.length / T;
    this.dot = unpacked(data.dot, Float32Array); // (T, T)
    const bits = unpacked(data.mask, Uint8Array);
    const weights = unpacked(data.pattern, Float32Array); // of the cells that are not masked, row by row
    this.allowed = new Uint8Array(T * T);
    this.scaled = new Float32Array(T * T);
    this.softmax = new Float32Array(T * T);
    let next = 0;
    for (let i = 0; i < T * T; i++) {
      this.allowed[i] = (bits[i >> 3] >> (7 - (i & 7))) & 1;
      this.scaled[i] = this.dot[i] * this.scale; // in float32, as the model multiplies
      if (this.allowed[i]) this.softmax[i] = weights[next++];
    }
    this.range = { dot: largest(this.dot), scaled: largest(this.scaled) };
    this.range.masked = this.range.scaled; // the mask changes no number, so no colour either
    this.range.softmax = 1;
  }

  // The number of a stage's cell; minus infinity where the mask made it so.
  at(stage, query, key) {
    const i = query * this.T + key;
    if (stage === "masked") return this.allowed[i] ? this.scaled[i] : -Infinity;
    return this[stage][i];
  }

  isMasked(stage, query, key) {
    return (stage === "masked" || stage === "softmax") && !this.allowed[query * this.T + key];
  }

  // exp(x - max) of each key of a row that the query may look at, and their sum.
  row(query) {
    const keys = [];
    let max = -Infinity;
    for (let key = 0; key < this.T; key++) {
      if (!this.allowed[query * this.T + key]) continue;
      keys.push(key);
      max = Math.max(max, this.scaled[query * this.T + key]);
    }
    const powers = keys.map((key) => Math.exp(this.scaled[query * this.T + key] - max));
    return { keys, max, powers, sum: powers.reduce((a, b) => a + b, 0) };
  }

  strongest(query) {
    let best = 0;
    for (let key = 1; key < this.T; key++) if (this.at("softmax", query, key) > this.at("softmax", query, best)) best = key;
    return best;
  }
}

function largest(array) {
  let found = 0;
  for (const x of array) found = Math.max(found, Math.abs(x));
  return found || 1;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

// A number as people read it: true minus sign, four decimals, powers of ten when tiny or huge.
function written(x, digits = 4) {
  if (x === -Infinity) return "−∞";
  const size = Math.abs(x);
  let text = size.toFixed(digits);
  if (size !== 0 && (size < 10 ** (1 - digits) || size >= 1e6)) {
    const [mantissa, exponent] = size.toExponential(2).split("e");
    const raised = [...exponent.replace("+", "")].map((c) => (c === "-" ? "⁻" : SUPERSCRIPTS[c])).join("");
    text = `${mantissa}×10${raised}`;
  }
  return (x < 0 ? "−" : "") + text;
}

// The same, as short as fits in a cell of a matrix.
function brief(x) {
  const size = Math.abs(x);
  const text = size.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
  return (x < 0 && Number(text) !== 0 ? "−" : "") + text;
}

// As an operand: negative ones in brackets.
function operand(x, digits = 4) {
  return x < 0 ? `(${written(x, digits)})` : written(x, digits);
}

// A sentence with {places}, filled.
function filled(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
}
