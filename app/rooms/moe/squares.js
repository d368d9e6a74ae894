// A square for each model, and in it one of its active parameters; the areas are to scale. Uses dom.js.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  setColours(root, data.colours);
  const row = describe(element("div", "models"), "group", data.alt);
  row.append(
    ...data.models.map(({ name, side, inner, text }) => {
      const model = element("div", "model");
      const square = element("div", "square");
      square.style.setProperty("--side", side);
      const active = element("div", "active");
      active.style.width = active.style.height = `${100 * inner}%`;
      square.append(active);
      model.append(square, element("b", "", name), element("span", "", text));
      return model;
    }),
  );
  root.replaceChildren(row);
}
