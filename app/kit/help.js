// Terms in the page's sentences that explain themselves, their list, and a hint that is shown until it was read once.
// Sentences are marked by highlights, which leave the page's elements as they are: a token can never become markup,
// and what Streamlit draws is never in the way of what we draw. Uses dom.js.
const SEEN = "explained-hint"; // in localStorage, once the hint was put away
const TERMS = "explained-term"; // the highlight that app/kit/page.css underlines
const TEXTS = ".stMarkdown :is(p, li)";
const NOT_IN = "code, a, button, label";

const seen = () => localStorage.getItem(SEEN) !== null;

// A pattern that finds every form of every term; and which term a form is of. CJK forms need no bounds of words.
function finder(terms) {
  const of = new Map();
  terms.forEach(({ words }, place) => words.forEach((word) => of.set(word.toLowerCase(), place)));
  const written = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const latin = (word) => /^[\x00-\x7f]+$/.test(word);
  const forms = [...of.keys()].sort((a, b) => b.length - a.length).map((word) =>
    latin(word) ? `(?<![\\w“·-])${written(word)}(?![\\w”-])` : `(?<!“)${written(word)}(?!”)`,
  );
  return { pattern: new RegExp(forms.join("|"), "gi"), of };
}

// The first place of each term in each paragraph of the page: [[range, term], ...].
function found({ pattern, of }) {
  const marks = [];
  for (const paragraph of document.querySelectorAll(TEXTS)) {
    const met = new Set();
    const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement.closest(NOT_IN)) continue;
      for (const match of node.data.matchAll(pattern)) {
        const term = of.get(match[0].toLowerCase());
        if (met.has(term)) continue;
        met.add(term);
        const range = new StaticRange({
          startContainer: node,
          startOffset: match.index,
          endContainer: node,
          endOffset: match.index + match[0].length,
        });
        marks.push([range, term]);
      }
    }
  }
  return marks;
}

function boxesOf(mark) {
  const range = document.createRange();
  range.setStart(mark.startContainer, mark.startOffset);
  range.setEnd(mark.endContainer, mark.endOffset);
  return [...range.getClientRects()];
}

export default function ({ data, parentElement }) {
  const { terms, labels } = data;
  const root = parentElement.querySelector(".root");
  const search = finder(terms);
  let marks = [];

  const tip = element("div", "card tip");
  tip.popover = "manual";
  tip.setAttribute("role", "tooltip");
  const button = element("button", "open", "Aa");
  button.setAttribute("aria-label", labels.open);
  button.title = labels.open;
  const list = describe(element("div", "card list"), "region", labels.open);
  list.popover = "auto";
  button.popoverTargetElement = list;

  const entry = ({ words, means }) => [element("dt", "", words[0]), element("dd", "", means)];
  list.onbeforetoggle = ({ newState }) => {
    if (newState !== "open") return;
    const here = new Set(marks.map(([, term]) => term));
    const part = (title, entries) => {
      const names = element("dl");
      names.append(...entries.flatMap(entry));
      return entries.length ? [element("h2", "", title), names] : [];
    };
    const close = element("button", "tool close", labels.close);
    close.onclick = () => list.hidePopover();
    list.replaceChildren(
      close,
      element("p", "", labels.hint),
      ...part(labels.here, terms.filter((_, place) => here.has(place))),
      ...part(labels.others, terms.filter((_, place) => !here.has(place))),
    );
    list.tabIndex = 0; // it scrolls
  };

  const mark = () => {
    marks = found(search);
    CSS.highlights.set(TERMS, new Highlight(...marks.map(([range]) => range)));
  };
  let waiting = 0;
  const later = () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(mark);
  };

  const under = ({ target, clientX: x, clientY: y }) => {
    const paragraph = target instanceof Element ? target.closest(TEXTS) : null;
    if (!paragraph) return null;
    for (const [range, term] of marks) {
      if (!paragraph.contains(range.startContainer)) continue;
      const box = boxesOf(range).find((b) => x >= b.left && x <= b.right && y >= b.top && y <= b.bottom);
      if (box) return { term, box };
    }
    return null;
  };
  let shown = null;
  const explain = (place) => {
    if ((place?.term ?? null) === shown) return;
    shown = place?.term ?? null;
    if (!place) return tip.hidePopover();
    tip.replaceChildren(element("b", "", terms[shown].words[0]), element("span", "", terms[shown].means));
    tip.showPopover();
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${clamp(place.box.left, 8, Math.max(8, innerWidth - width - 8))}px`;
    const above = place.box.top - height - 6;
    tip.style.top = `${above > 60 ? above : place.box.bottom + 6}px`;
  };
  const point = (event) => explain(under(event));
  const hide = (event) => (event.type !== "keydown" || event.key === "Escape") && explain(null);

  const nodes = [tip, button, list];
  if (!seen()) {
    const hint = describe(element("div", "card hint"), "note", labels.first);
    const done = element("button", "tool", labels.done);
    done.onclick = () => {
      localStorage.setItem(SEEN, "read");
      hint.remove();
    };
    hint.append(element("span", "", labels.first), done);
    nodes.push(hint);
  }
  root.replaceChildren(...nodes);

  const page = document.querySelector(".stMain");
  const watch = new MutationObserver(later);
  watch.observe(page, { subtree: true, childList: true, characterData: true });
  page.addEventListener("pointermove", point);
  page.addEventListener("click", point);
  page.addEventListener("scroll", hide, true);
  document.addEventListener("keydown", hide);
  mark();
  return () => {
    cancelAnimationFrame(waiting);
    watch.disconnect();
    page.removeEventListener("pointermove", point);
    page.removeEventListener("click", point);
    page.removeEventListener("scroll", hide, true);
    document.removeEventListener("keydown", hide);
  };
}
