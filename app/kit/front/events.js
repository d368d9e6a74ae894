// What the pieces of a page tell each other, by events of the document. Defines tellToken and onToken, tellVocabulary
// and onVocabulary, tellMarks and onMarks, tellMapReady and onMapReady, tellGoing and onGoing, onResize, drawWithToken.
// Uses nothing. Every on... returns a function that stops it. For itself: EVENTS, tellPage, onPage.

const EVENTS = {
  token: "glassformer-token", // {position, from}: the prompt's token under the mouse, or null; and who says so
  vocabulary: "glassformer-vocabulary", // {id}: the vocabulary's token under the mouse, or null
  marks: "glassformer-marks", // {marks: [[id, kind], ...]}: what the vocabulary's map is to mark
  mapReady: "glassformer-map-ready", // the map has just appeared, and knows no marks yet
  going: "glassformer-going", // a click is about to lead to another room
};

const tellPage = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

function onPage(name, react) {
  const listener = (event) => react(event.detail);
  document.addEventListener(name, listener);
  return () => document.removeEventListener(name, listener);
}

const tellToken = (position, from = null) => tellPage(EVENTS.token, { position, from });
const onToken = (react) => onPage(EVENTS.token, ({ position, from }) => react(position, from));

const tellVocabulary = (id) => tellPage(EVENTS.vocabulary, { id });
const onVocabulary = (react) => onPage(EVENTS.vocabulary, ({ id }) => react(id));

const tellMarks = (marks) => tellPage(EVENTS.marks, { marks });
const onMarks = (react) => onPage(EVENTS.marks, ({ marks }) => react(marks));

const tellMapReady = () => tellPage(EVENTS.mapReady, {});
const onMapReady = (react) => onPage(EVENTS.mapReady, () => react());

const tellGoing = () => tellPage(EVENTS.going, {});
const onGoing = (react) => onPage(EVENTS.going, () => react());

// `react` is called when the size of `node` has changed, and once at the beginning.
function onResize(node, react) {
  const observer = new ResizeObserver(() => react());
  observer.observe(node);
  return () => observer.disconnect();
}

// Draw now, when the width of `root` changes, and with the token that is marked on the page; returns what stops it.
function drawWithToken(root, draw) {
  const stops = [onToken((position) => draw(position)), onResize(root, () => draw(null))];
  draw(null);
  return () => stops.forEach((stop) => stop());
}
