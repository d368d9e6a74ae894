// The legend of the vocabulary's map. It tells the map its marks, and once more when a map has just appeared.
// Uses dom.js and events.js.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  root.replaceChildren(
    ...data.legend.map(([kind, words]) => {
      const entry = element("span", `entry ${kind}`, words);
      entry.style.setProperty("--colour", data.colours[kind]);
      return entry;
    }),
  );
  tellMarks(data.marks);
  return onMapReady(() => tellMarks(data.marks));
}
