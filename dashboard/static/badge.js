// @ts-check
/**
 * The badge that never hides that a page stands still, and a spoken summary now and then.
 * Its words stand in the template: `data-word-live`, `data-word-reconnecting`, `data-word-stale` ({time} is put in).
 * @typedef {"live" | "reconnecting" | "stale"} Freshness
 */

const LATE_MS = 8_000;
const STALE_MS = 15_000;
const SPEAK_MS = 15_000;

const badge = /** @type {HTMLElement} */ (document.getElementById("badge"));
const words = /** @type {HTMLElement} */ (document.getElementById("badge-text"));
const spoken = /** @type {HTMLElement} */ (document.getElementById("spoken"));

/** Up to when this page shows the truth. */
let good = Date.now();
let troubled = false;
let spokenAt = Date.now();
let sentence = "";

/** @param {Freshness} state */
function show(state) {
  if (badge.dataset.state === state) return;
  badge.dataset.state = state;
  const time = new Date(good).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  words.textContent = (badge.getAttribute(`data-word-${state}`) ?? state).replace("{time}", time);
  document.body.classList.toggle("stale", state === "stale");
}

function judge() {
  const silent = Date.now() - good;
  show(silent > STALE_MS ? "stale" : troubled || silent > LATE_MS ? "reconnecting" : "live");
}

/** Screen readers get one summary now and then, not every change. */
function speak() {
  if (!sentence || sentence === spoken.textContent || Date.now() - spokenAt < SPEAK_MS) return;
  spoken.textContent = sentence;
  spokenAt = Date.now();
}

document.addEventListener("labrelay:heard", ({ detail }) => {
  troubled = !detail.fresh;
  good = Math.max(good, Date.now() - detail.age_ms);
  judge();
});
document.addEventListener("labrelay:lost", () => {
  troubled = true;
  judge();
});
document.addEventListener("labrelay:change", ({ detail }) => {
  sentence = detail.health?.sentence ?? sentence;
});
setInterval(() => {
  judge();
  speak();
}, 1_000);
