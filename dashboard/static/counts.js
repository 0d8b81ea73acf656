// @ts-check
/**
 * Numbers that stand on many pages, kept true from the shared message.
 * `data-sentence`: the lab in one sentence. `data-count="failed"`: how many jobs are in a state; with
 * `data-count-hides` the element is hidden at 0. `data-part="done"`: a state's part of the bar.
 * `data-instrument-words="reader-1"`: what an instrument does.
 */

/** @param {string} name @param {(element: HTMLElement, key: string) => void} write */
function each(name, write) {
  for (const element of document.querySelectorAll(`[data-${name}]`)) {
    write(/** @type {HTMLElement} */ (element), element.getAttribute(`data-${name}`) ?? "");
  }
}

/** @param {Element} element @param {string} text */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {HTMLElement} element @param {number} count */
function count(element, count) {
  say(element, count.toLocaleString(document.documentElement.lang));
  element.closest("[data-none]")?.classList.toggle("none", count === 0);
  if (element.hasAttribute("data-count-hides")) element.hidden = count === 0;
}

document.addEventListener("labrelay:change", ({ detail: { health } }) => {
  if (!health) return;
  each("sentence", (element) => say(element, health.sentence));
  each("count", (element, state) => count(element, health.counts[state] ?? 0));
  each("instrument-words", (element, name) => say(element, health.instruments[name] ?? element.textContent ?? ""));
  each("part", (element, state) => {
    const part = health.parts.find(([name]) => name === state);
    element.setAttribute("x", String(part?.[1] ?? 0));
    element.setAttribute("width", String(part?.[2] ?? 0));
  });
});
