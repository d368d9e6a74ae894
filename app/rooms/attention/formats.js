// Numbers in the arithmetic of a cell. Defines decimal, brief, operand. Uses numbers.js.

// A number as people read it: true minus sign, four decimals, powers of ten when tiny or huge.
function decimal(x, digits = 4) {
  if (x === -Infinity) return "−∞";
  const size = Math.abs(x);
  let text = size.toFixed(digits);
  if (size !== 0 && (size < 10 ** (1 - digits) || size >= 1e6)) {
    const [mantissa, exponent] = size.toExponential(2).split("e");
    text = `${mantissa}×10${superscript(exponent.replace("+", ""))}`;
  }
  return (x < 0 ? "−" : "") + text;
}

// The same, as short as fits in a cell of a matrix.
function brief(x, digits) {
  const size = Math.abs(x);
  const before = size < 9.995 ? 0 : size < 99.95 ? 1 : 2;
  const text = size.toFixed(Math.max(0, digits - before));
  return (x < 0 && Number(text) !== 0 ? "−" : "") + text;
}

// As an operand: negative ones in brackets.
function operand(x, digits = 4) {
  return x < 0 ? `(${decimal(x, digits)})` : decimal(x, digits);
}
