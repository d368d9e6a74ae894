// Numbers as they are written on paper. Defines DIGITS, written, shown, parsed. Uses numbers.js.

// Decimals of a result; numbers that are edited have two at most.
const DIGITS = { pattern: 3 };

// `value` to `digits` decimals with a real minus; zeros at the end, which say nothing, are left out unless `full`.
function written(value, digits = 2, full = false) {
  if (value === null) return "−∞";
  const rounded = halfToEven(Math.abs(value).toFixed(digits), Math.abs(value).toFixed(60));
  const text = full ? rounded : rounded.replace(/\.?0+$/, "");
  return value < 0 && Number(rounded) ? `−${text}` : text;
}

const shown = (name, value) => written(value, DIGITS[name] ?? 2, name in DIGITS);

// The number that somebody typed, NaN where it is none: "-1", "−1" and "0,5" too.
function parsed(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN;
}
