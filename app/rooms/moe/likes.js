// The tokens that each expert takes, a line for each expert.
export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".root");
  root.style.setProperty("--faint", data.colours.faint);
  root.style.setProperty("--own", data.colours.own);
  root.replaceChildren(
    ...data.experts.map((tokens, e) => {
      const line = element("div", "liking");
      const name = element("span", "who", filled(data.labels.expert, { expert: e }));
      name.style.borderLeftColor = data.colours.experts[e % data.colours.experts.length];
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
