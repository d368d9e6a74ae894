// Tells Python when the theme in the browser is no longer the one the page was drawn in, and how large its type is.
// Uses nothing of the kit.
const PLAIN = 17; // px of the page's type where neither a projector nor a large screen asks for more

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".root");
  root.dataset.drawn = data.drawn;
  const compare = () => {
    const [red, green, blue] = getComputedStyle(root).backgroundColor.match(/[\d.]+/g).map(Number);
    const theme = red + green + blue > 1.5 * 255 ? "light" : "dark";
    if (theme !== data.drawn) setTriggerValue("changed", theme);
  };
  const page = document.documentElement;
  let told = data.size;
  const measure = () => {
    const size = Math.round((10 * parseFloat(getComputedStyle(page).fontSize)) / PLAIN) / 10;
    if (page.dataset.projector === "on" || size === told) return;
    told = size;
    setTriggerValue("sized", size);
    window.dispatchEvent(new Event("resize")); // pictures measure their type then
  };
  root.addEventListener("transitionend", compare);
  window.addEventListener("resize", measure);
  measure();
  return () => {
    root.removeEventListener("transitionend", compare);
    window.removeEventListener("resize", measure);
  };
}
