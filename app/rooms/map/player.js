// The player of one pass: button, slider, sentence. Defines player. Uses dom.js.

const SECONDS = 15; // of a whole pass, however many blocks there are

// `show(step)` is called with the index of the step to show. `memory` holds {step, playing} across runs of the page.
function player(steps, labels, memory, show) {
  const box = element("div", "player");
  describe(box, "group", labels.player);
  const play = element("button", "tool play");
  const slider = element("input", "slider");
  slider.type = "range";
  slider.min = 0;
  slider.max = steps.length - 1;
  slider.setAttribute("aria-label", labels.slider);
  const sentence = element("p", "sentence");
  sentence.setAttribute("aria-live", "polite");
  const bar = element("div", "controls");
  bar.append(play, slider);
  box.append(bar, sentence);

  let timer = 0;
  const paint = () => {
    play.textContent = memory.playing ? `❚❚ ${labels.pause}` : `▶ ${labels.play}`;
    slider.value = Math.max(0, memory.step);
    const step = steps[memory.step];
    sentence.textContent = step ? step.say : labels.hint;
    slider.setAttribute("aria-valuetext", sentence.textContent);
    box.dataset.step = memory.step;
    show(memory.step);
  };
  const pause = () => {
    clearInterval(timer);
    memory.playing = false;
  };
  const go = (step) => {
    memory.step = clamp(step, 0, steps.length - 1);
    if (memory.step === steps.length - 1) pause();
    paint();
  };
  const start = () => {
    memory.playing = true;
    timer = setInterval(() => go(memory.step + 1), (1000 * SECONDS) / steps.length);
    go(memory.step >= steps.length - 1 ? 0 : memory.step + 1);
  };
  play.onclick = () => {
    if (!memory.playing) return start();
    pause();
    paint();
  };
  slider.oninput = () => {
    pause();
    go(Number(slider.value));
  };
  box.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      pause();
      go(memory.step + step);
    } else if (event.key === " " && event.target === slider) {
      event.preventDefault();
      play.click();
    }
  };
  if (memory.playing) timer = setInterval(() => go(memory.step + 1), (1000 * SECONDS) / steps.length);
  return { box, paint, stop: () => clearInterval(timer) };
}
