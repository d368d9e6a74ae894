// What the page needs of the browser beside pictures: line breaks in the prompt, one step of the
// browser's history for each view, and one theme for all rooms.

const THEME = (path) => `stActiveTheme-${path}-v2`; // Streamlit remembers the theme by the path the page was loaded at
const PATCHED = Symbol.for("one step of history for each view");

// A navigation link leads to a bare address; the full one that follows replaces it, so that Back needs one press.
function oneStepEach() {
  if (window[PATCHED]) return;
  window[PATCHED] = true;
  const push = history.pushState.bind(history);
  history.pushState = (state, unused, url) => {
    const next = new URL(url ?? location.href, location.href);
    const completes = !location.search && next.search && next.pathname === location.pathname;
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
  if (!(box instanceof HTMLTextAreaElement) || !box.closest(".st-key-prompt")) return;
  event.preventDefault();
  event.stopPropagation();
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }));
}

export default function ({ data }) {
  oneStepEach();
  oneTheme(data.paths);
  const remember = () => oneTheme(data.paths);
  document.addEventListener("keydown", enterRuns, true);
  window.addEventListener("pagehide", remember);
  return () => {
    document.removeEventListener("keydown", enterRuns, true);
    window.removeEventListener("pagehide", remember);
  };
}
