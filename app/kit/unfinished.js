// Asks for a new run when the one that drew it is over and has not taken it away.
const WAIT = 300; // ms: a run that starts the next one by itself does so at once

export default function ({ setTriggerValue }) {
  const app = document.querySelector("[data-test-script-state]");
  let timer;
  const look = () => {
    clearTimeout(timer);
    if (app.dataset.testScriptState === "notRunning") timer = setTimeout(() => setTriggerValue("over", Date.now()), WAIT);
  };
  const observer = new MutationObserver(look);
  observer.observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
  look();
  return () => {
    observer.disconnect();
    clearTimeout(timer);
  };
}
