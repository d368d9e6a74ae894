// One text as several tokenizers split it: who, how many, and the tokens. Uses dom.js.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  root.replaceChildren(
    ...data.rows.map(({ models, own, count, tokens }) => {
      const row = element("section", own ? "row own" : "row");
      const head = element("div", "head");
      head.append(element("span", "models", models), element("span", "count", count));
      const line = element("div", "tokens");
      line.append(
        ...tokens.map(([text, id]) => {
          const token = element("span", "chip", text);
          token.title = `id ${id}`;
          return token;
        }),
      );
      row.append(head, line);
      return row;
    }),
  );
}
