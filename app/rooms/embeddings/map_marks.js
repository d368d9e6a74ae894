// The legend of the vocabulary's map. It hands the map its marks by the document's event
// "glassformer-marks", and once more when a map says that it has just appeared.
export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".root");
  root.replaceChildren(
    ...data.legend.map(([kind, words]) => {
      const entry = document.createElement("span");
      entry.className = `entry ${kind}`;
      entry.style.setProperty("--colour", data.colours[kind]);
      entry.textContent = words;
      return entry;
    }),
  );
  const hand = () => document.dispatchEvent(new CustomEvent("glassformer-marks", { detail: { marks: data.marks } }));
  document.addEventListener("glassformer-map-ready", hand);
  hand();
  return () => document.removeEventListener("glassformer-map-ready", hand);
}
