// Tells Python when the theme in the browser is no longer the one the page was drawn in. Uses nothing of the kit.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  root.dataset.drawn = data.drawn;
  const compare = () => {
    const [red, green, blue] = getComputedStyle(root).backgroundColor.match(/[\d.]+/g).map(Number);
    const theme = red + green + blue > 1.5 * 255 ? "light" : "dark";
    if (theme !== data.drawn) setTriggerValue("changed", theme);
  };
  root.addEventListener("transitionend", compare);
  return () => root.removeEventListener("transitionend", compare);
}
