// Axes of a chart: numbers as text, scales, ticks, which labels find room. Defines measureIn, textWidth, shortened,
// numberText, scaleOf, ticksOf, thinned; for itself pen, family, PREFIXES, STEPS, plainNumber, prefixed.
// Uses dom.js and numbers.js.

const pen = element("canvas").getContext("2d");
let family = "sans-serif";

// Texts are measured in the font of `root` from now on.
const measureIn = (root) => (family = getComputedStyle(root).fontFamily);

function textWidth(text, bold = false) {
  pen.font = `${bold ? 650 : 400} ${FONT_SIZE}px ${family}`;
  return pen.measureText(text).width;
}

function shortened(text, room) {
  pen.font = `400 ${FONT_SIZE}px ${family}`;
  return cutText(pen, text, room);
}

const PREFIXES = ["", "k", "M", "G", "T"];

// Four digits that count, by default; what is very large or small as a power of ten.
function plainNumber(value, digits) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    const power = `10${superscript(String(Number(exponent)))}`;
    const factor = String(Number(mantissa)).replace("-", "−");
    return factor === "1" ? power : `${factor} × ${power}`;
  }
  return Number(value.toPrecision(digits)).toLocaleString("en-US", { maximumFractionDigits: 10 }).replace("-", "−");
}

function prefixed(value, digits, unit) {
  const step = clamp(Math.floor(Math.log10(Math.abs(value) || 1) / 3), 0, PREFIXES.length - 1);
  const text = plainNumber(value / 1000 ** step, digits);
  const prefix = PREFIXES[step];
  return unit ? `${text} ${prefix}${unit}` : `${text}${prefix}`;
}

function numberText(value, form, digits = 4) {
  if (form === "percent") return `${plainNumber(100 * value, digits)} %`;
  if (form === "bytes") return prefixed(value, digits, "B");
  if (form === "short") return prefixed(value, digits, "");
  return plainNumber(value, digits);
}

// Where the number `value` of `axis` stands, in px between `from` and `to`.
function scaleOf(axis, [low, high], from, to) {
  const map = axis.log ? Math.log10 : (value) => value;
  const [first, last] = [map(low), map(high)];
  const at = (value) => from + ((to - from) * (map(value) - first)) / (last - first || 1);
  return { at, low, high, from, to };
}

const STEPS = [1, 2, 5, 10];

// Round numbers between the ends of a scale, at most about `count`: [[number, its text], ...].
function ticksOf(axis, { low, high }, count) {
  const [least, most] = [Math.min(low, high), Math.max(low, high)];
  const within = (values) =>
    values.filter((value) => value >= least * (1 - 1e-9) - 1e-12 && value <= most * (1 + 1e-9));
  const named = (values, digits) => values.map((value) => [value, numberText(value, axis.form, digits)]);
  if (axis.ticks.length) return named(within(axis.ticks), 6);
  if (axis.log && Math.log10(most / least) > 1.2) {
    const [first, last] = [Math.ceil(Math.log10(least) - 1e-9), Math.floor(Math.log10(most) + 1e-9)];
    const every = Math.max(1, Math.ceil((last - first + 1) / count));
    const decades = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => 10 ** (first + i * every));
    const between = every === 1 && decades.length <= 2 ? decades.concat(10 ** (first - 1)) : [];
    const values = between.length ? between.flatMap((decade) => [decade, 2 * decade, 5 * decade]) : decades;
    return named(
      within(values).sort((a, b) => a - b),
      3,
    );
  }
  const rough = (most - least) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = power * STEPS.find((each) => each * power >= rough * (1 - 1e-9));
  const first = Math.ceil(least / step - 1e-9);
  const last = Math.floor(most / step + 1e-9);
  return named(
    Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step),
    6,
  );
}

// Which labels stand along a line without meeting: {every, lines, shown: [place, ...]}. `sizes` are their lengths,
// `step` px lie from place to place. Where not all find room on two lines, one in `every` is shown, and the marked one.
function thinned(sizes, step, marked, gap = 10, stagger = true) {
  const fits = (every, apart) => {
    for (let i = 0; i + every * apart < sizes.length; i += every) {
      const next = i + every * apart;
      if ((sizes[i] + sizes[next]) / 2 + gap > (next - i) * step) return false;
    }
    return true;
  };
  const all = sizes.map((_, i) => i);
  if (fits(1, 1)) return { every: 1, lines: 1, shown: all };
  if (stagger && fits(1, 2)) return { every: 1, lines: 2, shown: all };
  let every = 2;
  while (every < sizes.length && !fits(every, 1)) every += 1;
  const meets = (i) => Math.abs(i - marked) * step < (sizes[i] + sizes[marked]) / 2 + gap;
  const shown = all.filter((i) => i % every === 0 && (marked === null || i === marked || !meets(i)));
  if (marked !== null && !shown.includes(marked)) shown.push(marked);
  return { every, lines: 1, shown };
}
