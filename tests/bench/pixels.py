"""How long a click or key takes until the last pixel that it changes is painted, in a real Chromium."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page

QUIET = 0.3  # seconds without a change or a message after which an action counts as answered
WAIT = 60.0  # seconds after which it counts as lost

# Runs before the page's own scripts: writes down when frames arrive over the websocket and how large they are, and
# when the frame that shows a change of the document is on the screen. Streamlit's own status, which nobody waits for,
# is left out.
WATCH = """(() => {
  const seen = (window.__pixels = { messages: 0, bytes: 0, told: 0, first: 0, last: 0, changed: 0 });
  const Original = window.WebSocket;
  window.WebSocket = class extends Original {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        seen.messages += 1;
        seen.bytes += data.byteLength ?? data.size ?? data.length;
        seen.told = performance.now();
      });
    }
  };
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    seen.last = performance.now();
    seen.first ||= seen.last;
    seen.waiting = false;
  };
  const idle = "[data-testid='stStatusWidget'], [data-testid='stToolbar'], head";
  const watch = new MutationObserver((records) => {
    const drawn = records.some(({ type, target, attributeName }) => {
      const at = target.nodeType === 1 ? target : target.parentElement;
      return at && !at.closest(idle) && !(type === "attributes" && attributeName === "data-test-script-state");
    });
    if (!drawn) return;
    seen.changed = performance.now();
    if (seen.waiting) return;
    seen.waiting = true;
    requestAnimationFrame(() => channel.port2.postMessage(0)); // the message comes when the frame is painted
  });
  const everything = { subtree: true, childList: true, attributes: true, characterData: true };
  const observe = (root) => watch.observe(root, everything);
  observe(document);
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    observe(root);
    return root;
  };
})()"""

ACT = """(element, act) => {
  const seen = window.__pixels;
  Object.assign(seen, { messages: 0, bytes: 0, told: 0, first: 0, last: 0, changed: 0, waiting: false });
  seen.begun = performance.now();
  if (act === "click") element.click();
  else if (act === "enter") {
    element.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  } else {
    const { left, top, width, height } = element.getBoundingClientRect();
    const [x, y] = act.split(",").map(Number);
    const at = { clientX: left + x * width, clientY: top + y * height, bubbles: true, composed: true, pointerId: 1 };
    for (const type of ["pointermove", "pointerdown", "mousedown", "pointerup", "mouseup", "click"]) {
      element.dispatchEvent(new (type.startsWith("pointer") ? PointerEvent : MouseEvent)(type, at));
    }
  }
}"""

DONE = """([quiet, server]) => {
  const seen = window.__pixels;
  const latest = Math.max(seen.begun, seen.told, seen.changed, seen.last);
  const state = document.querySelector("[data-testid='stApp']")?.dataset.testScriptState;
  const over = !server || (seen.messages > 0 && state === "notRunning");
  return over && !seen.waiting && performance.now() - latest > quiet * 1000;
}"""


@dataclass(frozen=True)
class Answer:
    """What one action took.

    Args:
        first: ms until the first frame that shows anything new.
        last: ms until the last one.
        bytes: that came over the websocket, as the page sees them (after decompression).
    """

    first: float
    last: float
    bytes: int


def answer(page: Page, element: Locator, act: str, *, server: bool = True) -> Answer:
    """Do it once, and wait until nothing changes any more.

    Args:
        act: "click", "enter" (a key), or "x,y": a click at these shares of the element's width and height.
        server: whether the server has to be asked; else only the browser.
    """
    element.evaluate(ACT, act)
    page.wait_for_function(DONE, arg=[QUIET, server], polling=20, timeout=WAIT * 1000)
    seen = page.evaluate("window.__pixels")
    begun = seen["begun"]
    last = max(seen["last"], seen["told"] if server and not seen["last"] else 0.0)
    return Answer((seen["first"] or last) - begun, last - begun, seen["bytes"])


def answers(page: Page, target: Callable[[int], tuple[Locator, str]], rounds: int, **options: bool) -> list[Answer]:
    """`rounds` of them after two that are not counted: what is done first loads scripts and fills caches.

    Args:
        target: the element and the act of each turn.
    """
    found = [answer(page, *target(turn), **options) for turn in range(rounds + 2)]
    return found[2:]


def summary(found: list[Answer]) -> dict[str, float]:
    """Medians and 95th percentiles, in ms and bytes."""
    firsts, lasts = sorted(one.first for one in found), sorted(one.last for one in found)
    high = round(0.95 * (len(found) - 1))
    return {
        "first": statistics.median(firsts),
        "p50": statistics.median(lasts),
        "p95": lasts[high],
        "bytes": statistics.median(one.bytes for one in found),
    }
