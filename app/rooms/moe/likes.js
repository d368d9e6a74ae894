// The tokens that each expert takes, a line for each expert. Uses dom.js, colour.js and numbers.js.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  setColours(root, data.colours);
  root.replaceChildren(
    ...data.experts.map((tokens, e) => {
      const line = element("div", "liking");
      const name = element("span", "who", fillIn(data.labels.expert, { expert: e }));
      name.style.borderLeftColor = inTurn(data.colours.experts, e);
      const group = element("span", "group");
      if (!tokens.length) group.append(element("span", "word", data.labels.none));
      for (const { token, share, here } of tokens) {
        const chip = element("span", here ? "chip here" : "chip");
        chip.append(element("span", "piece", token), element("small", "", percent(share)));
        group.append(chip);
      }
      line.append(name, group);
      return line;
    }),
  );
}
