// The prompt, and its continuation as it is now: in place, so that only the words change. Uses dom.js.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  setColours(root, data.colours);
  const text = element("p", "text");
  text.append(element("span", "prompt", data.prompt), element("span", "new", data.text));
  root.replaceChildren(element("b", "title", data.title), text, element("div", "look", data.look));
}
