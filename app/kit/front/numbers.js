// Numbers as people read them. Defines percent, signed, exact, superscript;
// for itself SUPERSCRIPTS, halfToEven. Uses nothing.

// An exponent's digits, raised: "-12" is ⁻¹².
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const superscript = (digits) => [...digits].map((digit) => (digit === "-" ? "⁻" : SUPERSCRIPTS[digit])).join("");

// `rounded` as Python rounds a number whose digits are `digits`: halfway, JavaScript goes up, Python to the even digit.
function halfToEven(rounded, digits) {
  const last = Number(rounded.at(-1));
  const halfway = /^50*$/.test(digits.slice(rounded.length));
  return halfway && last % 2 ? `${rounded.slice(0, -1)}${last - 1}` : rounded;
}

// A probability as a percentage that keeps its meaning when small, exactly as app/kit/numbers.py writes it.
function percent(probability) {
  const value = 100 * probability;
  if (value === 0 || value === 100) return `${value} %`;
  if (value >= 99.95) return "> 99.9 %";
  if (value >= 0.995) return `${halfToEven(value.toFixed(1), value.toFixed(60))} %`;
  const [[rounded, exponent], [digits]] = [1, 60].map((count) => value.toExponential(count).split("e"));
  const mantissa = halfToEven(rounded, digits);
  if (value >= 1e-5) return `${Number(`${mantissa}e${exponent}`).toFixed(7).replace(/0+$/, "")} %`;
  return `${mantissa} × 10${superscript(exponent)} %`;
}

// With its sign, and `digits` decimals.
const signed = (value, digits) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);

// All that a float32 knows: seven digits that count.
const exact = (value) => String(Number(value.toPrecision(7))).replaceAll("-", "−");
