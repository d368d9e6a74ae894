// The stations as links on one line, the current one marked, its neighbours by the arrows at both ends.
// One of them is a stop of the Tab key, the arrow keys lead to the others.
// A plain click asks Python, which keeps the view;
// a new tab gets the view by the address. Uses dom.js and events.js.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const { stations, current, labels } = data;
  const at = stations.findIndex(({ address }) => address === current);
  describe(root, "navigation", labels.label);

  const go = (address) => {
    tellGoing();
    setTriggerValue("go", address);
  };
  const link = ({ address, title, section }) => {
    const made = element("a", "station");
    made.append(element("span", "dot"), element("span", "name", title));
    made.title = `${section} · ${title}`;
    made.dataset.address = address;
    made.tabIndex = -1;
    if (address === current) made.setAttribute("aria-current", "page");
    return made;
  };
  const arrow = (name, sign, step) => {
    const made = element("button", "arrow", sign);
    const station = stations[at + step];
    made.setAttribute("aria-label", labels[name]);
    made.disabled = !station;
    if (station) made.title = `${labels[name]}: ${station.title}`;
    made.onclick = () => go(station.address);
    return made;
  };

  const line = element("div", "line");
  stations.forEach((station, i) => {
    const made = link(station);
    made.classList.toggle("begins", i > 0 && station.section !== stations[i - 1].section);
    line.append(made);
  });
  // The link is made when it is about to be used: by then the address may have other words.
  const complete = () => {
    for (const a of line.children) a.href = `./${a.dataset.address}${location.search}`;
  };
  complete();
  line.onpointerover = line.onfocusin = complete;
  line.onclick = (event) => {
    const chosen = event.target.closest("a");
    if (!chosen || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (chosen.dataset.address !== current) go(chosen.dataset.address);
  };

  // One stop of the Tab key: the arrow keys lead along the line.
  const stop = line.children[Math.max(0, at)];
  stop.tabIndex = 0;
  line.onkeydown = (event) => {
    const links = [...line.children];
    const from = links.indexOf(root.getRootNode().activeElement);
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: links.length - 1 }[event.key];
    if (from < 0 || !links[to]) return;
    event.preventDefault();
    links[from].tabIndex = -1;
    links[to].tabIndex = 0;
    links[to].focus();
  };

  replaceKeepingFocus(root, "arrow, a", arrow("previous", "‹", -1), line, arrow("next", "›", 1));
  const here = line.children[at];
  if (!here) return;
  const centre = () => {
    line.scrollLeft = here.offsetLeft - line.offsetLeft - (line.clientWidth - here.clientWidth) / 2;
  };
  centre();
  document.fonts.ready.then(centre); // names are wider in the page's own font
}
