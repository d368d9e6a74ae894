// What the page needs of the browser beside pictures: line breaks in the prompt, one step of the
// browser's history for each view, one theme for all rooms, and a page that is whole after every run. Uses events.js.

const THEME = (path) => `stActiveTheme-${path}-v2`; // Streamlit remembers the theme by the path the page was loaded at
const PATCHED = Symbol.for("one step of history for each view");

// A bare address is replaced by the full one that follows, and where Python leads to another room the words that
// change on the way there belong to the step before: so Back needs one press.
function oneStepEach() {
  if (window[PATCHED]) return;
  window[PATCHED] = true;
  const push = history.pushState.bind(history);
  let going = false;
  onGoing(() => (going = true));
  history.pushState = (state, unused, url) => {
    const next = new URL(url ?? location.href, location.href);
    const same = next.pathname === location.pathname;
    const completes = same && (going || (!location.search && next.search));
    going &&= same;
    (completes ? history.replaceState.bind(history) : push)(state, unused, url);
  };
}

// The theme chosen in one room counts in all of them, after a reload too.
function oneTheme(paths) {
  const loaded = new URL(performance.getEntriesByType("navigation")[0].name).pathname;
  const theme = localStorage.getItem(THEME(loaded));
  for (const path of paths) {
    if (theme === null) localStorage.removeItem(THEME(path));
    else localStorage.setItem(THEME(path), theme);
  }
}

// Enter runs the prompt, Shift+Enter breaks the line: to Streamlit's text area Ctrl+Enter is what runs.
function enterRuns(event) {
  const box = event.target;
  if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  if (!(box instanceof HTMLTextAreaElement) || !box.closest(".st-key-prompt, .st-key-b_prompt_box")) return;
  event.preventDefault();
  event.stopPropagation();
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }));
}

const SETTLING = 200; // ms from the end of a run until its last elements stand

// Ask for the page again after a run that something ended before its last element, such as the toolbar's Stop.
function keepWhole(redraw) {
  const app = document.querySelector("[data-testid='stApp']");
  const idle = () => app.dataset.testScriptState === "notRunning";
  const whole = () => document.querySelector(".st-key-whole, .stException") !== null;
  let waiting;
  const check = () => {
    clearTimeout(waiting);
    if (idle()) waiting = setTimeout(() => whole() || redraw(), SETTLING);
  };
  const watch = new MutationObserver(check);
  watch.observe(app, { attributeFilter: ["data-test-script-state"] });
  check();
  return () => {
    clearTimeout(waiting);
    watch.disconnect();
  };
}

export default function ({ data, setTriggerValue }) {
  oneStepEach();
  oneTheme(data.paths);
  const remember = () => oneTheme(data.paths);
  document.addEventListener("keydown", enterRuns, true);
  window.addEventListener("pagehide", remember);
  const stopKeeping = keepWhole(() => setTriggerValue("redraw", true));
  return () => {
    stopKeeping();
    document.removeEventListener("keydown", enterRuns, true);
    window.removeEventListener("pagehide", remember);
  };
}
