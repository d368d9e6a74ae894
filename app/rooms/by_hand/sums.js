// The arithmetic of the chosen cell, step by step, with the numbers put in. Defines sumsOf. Uses dom.js and digits.js.
// A number that the reader is to find is written as "?".

// In brackets where it follows a sign.
const factor = (text) => (text.startsWith("−") ? `(${text})` : text);

const subscript = (...numbers) => numbers.map((number) => "₀₁₂₃₄₅₆₇₈₉"[number + 1]).join("");

const products = (left, right) => left.map((text, n) => `${factor(text)}·${factor(right[n])}`).join(" + ");

// name -> list of lines, each a list of texts and nodes. `read(name, row, column)`: the number of a cell, as printed.
function sumsOf({ inputs, results, width, scaling, hidden }, [i, j, c], labels, read) {
  const head = Math.floor(c / width);
  const own = Array.from({ length: width }, (_, n) => head * width + n); // columns of this head
  const all = inputs.o.map((_, n) => n);
  const keys = Array.from({ length: i + 1 }, (_, n) => n);
  const input = (name, row, column) => written(inputs[name][row][column]);
  const linear = (row, weights, result) => [
    `${result}${subscript(row, c)} = `,
    products(
      inputs.x[row].map((_, n) => input("x", row, n)),
      inputs.x[row].map((_, n) => input(weights, n, c)),
    ),
    " = ",
    element("b", "", read(result, row, c)),
  ];
  const q = own.map((n) => read("q", i, n));
  const k = own.map((n) => read("k", j, n));
  const later = results.masked[head][i][j] === null;
  const root = `√${width}`;
  const power = (n) => {
    const term = element("span", "term", "e");
    term.append(element("sup", "", hidden === "scaled" ? "?" : read("masked", i, n)));
    return term;
  };
  const softmax = () => {
    if (later) return [labels["sum.zero"]];
    const below = keys.flatMap((n) => (n ? [" + ", power(n)] : [power(n)]));
    return [power(j), " ÷ (", ...below, ") = ", element("b", "", read("pattern", i, j))];
  };
  const scaled = read("scaled", i, j);
  const kept = hidden === "scaled" ? "?" : scaled;
  return {
    q: [linear(i, "q", "q")],
    k: [linear(j, "k", "k")],
    v: [linear(j, "v", "v")],
    dots: [[`q${subscript(i)}·k${subscript(j)} = `, products(q, k), " = ", element("b", "", read("dots", i, j))]],
    scaled: [
      scaling
        ? [`${read("dots", i, j)} ÷ ${root} = ${read("dots", i, j)} ÷ ${written(Math.sqrt(width), 3)} = `, element("b", "", scaled)]
        : [labels["sum.undivided"]],
    ],
    masked: [[later ? fillIn(labels["sum.later"], { key: TOKENS[j], query: TOKENS[i] }) : fillIn(labels["sum.stays"], { value: kept })]],
    pattern: [softmax()],
    z: [
      [
        `z${subscript(i, c)} = `,
        products(
          keys.map((n) => read("pattern", i, n)),
          keys.map((n) => read("v", n, c)),
        ),
        " = ",
        element("b", "", read("z", i, c)),
      ],
    ],
    out: [
      [
        products(
          all.map((n) => read("z", i, n)),
          all.map((n) => input("o", n, c)),
        ),
        " = ",
        element("b", "", read("out", i, c)),
      ],
    ],
  };
}
