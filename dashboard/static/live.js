// @ts-check
/**
 * Keeps an open page true: one EventSource, rows patched in place, and a badge that never hides that it stands still.
 * @typedef {{id: string, html: string | null}} Row
 * @typedef {{id: string, html: string}} Picture
 * @typedef {{rows: Row[], health: string, instruments: string, sentence: string, pictures: Picture[]}} Change
 * @typedef {"live" | "reconnecting" | "stale"} Freshness
 */

const LATE_MS = 8_000;
const STALE_MS = 15_000;
const SPEAK_MS = 15_000;
const RESYNC_MS = 1_000;
const REOPEN_MS = 3_000;
const MOST_ROWS = 100;
const MOST_PICTURES = 12;

const script = /** @type {HTMLScriptElement} */ (document.querySelector("script[data-events]"));

/** Moment of the last sign that this page shows the truth. */
let good = Date.now();
let troubled = false;
let spokenAt = Date.now();
let resyncAt = 0;
let resyncPlanned = false;
/** Changes that arrive while the page is read anew; null otherwise. @type {Change[] | null} */
let held = null;
let since = script.dataset.since ?? "";

/** @param {string} html @returns {Element} */
function elementOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return /** @type {Element} */ (template.content.firstElementChild);
}

/** Replace an element; the keyboard's place stays on the same link or button. @param {Element} old @param {Element} fresh */
function replace(old, fresh) {
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(fresh);
  const controls = held ? [...fresh.querySelectorAll(held.tagName)] : [];
  const same = controls.find((each) => each.textContent === held?.textContent && each.getAttribute("href") === held?.getAttribute("href"));
  /** @type {HTMLElement | undefined} */ (same)?.focus();
}

/** Replace an element, unless somebody is about to fill in a form in it. @param {Element} old @param {Element} fresh */
function replaceIdle(old, fresh) {
  if (!old.querySelector("details[open]")) replace(old, fresh);
}

/** @param {HTMLElement} rows @param {HTMLElement} fresh */
function insertByAge(rows, fresh) {
  const created = BigInt(fresh.dataset.created ?? "0");
  const others = /** @type {HTMLElement[]} */ ([...rows.children]);
  const next = others.find((row) => BigInt(row.dataset.created ?? "0") < created);
  if (!next && others.length >= MOST_ROWS) return;
  rows.insertBefore(fresh, next ?? null);
  while (rows.children.length > MOST_ROWS) rows.lastElementChild?.remove();
}

/** @param {HTMLElement} rows @param {Row} row */
function patchRow(rows, row) {
  const old = document.getElementById(`job-${row.id}`);
  if (row.html === null) return old?.remove();
  const fresh = /** @type {HTMLElement} */ (elementOf(row.html));
  fresh.classList.add("changed");
  if (old) replace(old, fresh);
  else if (rows.dataset.newest) insertByAge(rows, fresh);
}

/** @param {Picture} picture */
function patchPicture(picture) {
  const strip = document.getElementById("pictures");
  if (!strip) return;
  strip.querySelector(`[data-picture="${CSS.escape(picture.id)}"]`)?.remove();
  strip.prepend(elementOf(picture.html));
  while (strip.children.length > MOST_PICTURES) strip.lastElementChild?.remove();
  strip.closest("section")?.removeAttribute("hidden");
}

/** @param {Change} change */
function apply(change) {
  const rows = document.getElementById("rows");
  if (!rows) return resyncFor(change);
  for (const row of change.rows) patchRow(rows, row);
  for (const picture of change.pictures) patchPicture(picture);
  const health = document.getElementById("health");
  if (health) replace(health, elementOf(change.health));
  const instruments = document.getElementById("instruments");
  if (instruments) replaceIdle(instruments, elementOf(change.instruments));
  document.getElementById("empty")?.toggleAttribute("hidden", rows.children.length > 0);
  speak(change.sentence);
}

/** A page without a table shows one job, or waits for the repository. @param {Change} change */
function resyncFor(change) {
  const waits = document.getElementById("jobs-page") !== null;
  if (waits || change.rows.some((row) => row.html !== null)) resync();
}

/** Screen readers get one summary now and then, not every change. @param {string} sentence */
function speak(sentence) {
  const spoken = document.getElementById("spoken");
  if (!spoken || Date.now() - spokenAt < SPEAK_MS) return;
  spoken.textContent = sentence;
  spokenAt = Date.now();
}

/** Read the page anew, at most once a second. */
function resync() {
  if (resyncPlanned) return;
  resyncPlanned = true;
  setTimeout(readAnew, Math.max(0, resyncAt + RESYNC_MS - Date.now()));
}

async function readAnew() {
  resyncPlanned = false;
  resyncAt = Date.now();
  held = [];
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const fresh of page.querySelectorAll("[data-live]")) {
      const old = document.getElementById(fresh.id);
      if (old) replaceIdle(old, document.adoptNode(fresh));
    }
  } catch {
    troubled = true;
  }
  const later = held;
  held = null;
  for (const change of later) apply(change);
}

/** @param {Freshness} state @param {string} text */
function badge(state, text) {
  const element = /** @type {HTMLElement} */ (document.getElementById("badge"));
  if (element.dataset.state === state) return;
  element.dataset.state = state;
  /** @type {HTMLElement} */ (document.getElementById("badge-text")).textContent = text;
  document.body.classList.toggle("stale", state === "stale");
}

function judge() {
  const silent = Date.now() - good;
  const at = new Date(good).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  if (silent > STALE_MS) badge("stale", `Stale since ${at}`);
  else if (troubled || silent > LATE_MS) badge("reconnecting", "Reconnecting");
  else badge("live", "Live");
}

/** @param {boolean} fresh whether the server itself hears the repository */
function heard(fresh) {
  troubled = !fresh;
  if (fresh) good = Date.now();
  judge();
}

function open() {
  const source = new EventSource(`${script.dataset.events}&since=${encodeURIComponent(since)}`);
  source.addEventListener("change", (event) => {
    since = event.lastEventId;
    if (held) held.push(JSON.parse(event.data));
    else apply(JSON.parse(event.data));
    heard(true);
  });
  source.addEventListener("resync", (event) => {
    since = event.lastEventId;
    resync();
  });
  source.addEventListener("beat", (event) => heard(JSON.parse(event.data).fresh));
  source.addEventListener("error", () => {
    troubled = true;
    judge();
    if (source.readyState === EventSource.CLOSED) setTimeout(open, REOPEN_MS);
  });
}

open();
setInterval(judge, 1_000);
