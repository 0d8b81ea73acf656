// @ts-check
/**
 * Reads sections of the page anew when what they show changed.
 *
 * A section has `data-live` and an id. `data-topic` names what it shows, with blanks between: topics of the changes
 * (`jobs plates failures results instruments pauses`), one thing (`job:ID`, `plate:ID`, `instrument:NAME`, or any other
 * member of a tile), or `resync`, for what an element keeps true by itself. Without `data-topic`: anything.
 */

/** @type {Set<string>} */
const due = new Set();
/**
 * Changes that arrive while the page is read; null otherwise.
 * @type {Change[] | null}
 */
let held = null;
let readAt = -Infinity;
let everyMs = 2_000;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let planned;
let plannedAt = Infinity;

/** @returns {HTMLElement[]} */
const sections = () => [...document.querySelectorAll("[data-live][id]")].map((each) => /** @type {HTMLElement} */ (each));

/** @param {string} topic @param {Change} change */
function concerns(topic, change) {
  const [kind, ...rest] = topic.split(":");
  if (!rest.length) return change.topics.includes(topic);
  const member = kind === "job" ? "id" : kind;
  return change.tiles.some((tile) => String(/** @type {Record<string, unknown>} */ (tile)[member]) === rest.join(":"));
}

/** @param {HTMLElement} section @param {Change} change */
function touched(section, change) {
  const topics = section.dataset.topic?.split(/\s+/).filter(Boolean);
  return change.many || (topics ? topics.some((topic) => concerns(topic, change)) : change.topics.length > 0);
}

/**
 * Read soon, some time within `spreadMs`: not all pages at the same instant.
 * @param {number} spreadMs
 */
function plan(spreadMs) {
  if (!due.size || document.hidden || held) return;
  const at = Math.max(performance.now(), readAt + everyMs) + Math.random() * spreadMs;
  if (at >= plannedAt) return;
  clearTimeout(planned);
  plannedAt = at;
  planned = setTimeout(readAnew, at - performance.now());
}

async function readAnew() {
  plannedAt = Infinity;
  if (document.hidden) return;
  readAt = performance.now();
  const wanted = [...due];
  due.clear();
  held = [];
  if (!(await redraw(wanted))) for (const id of wanted) due.add(id);
  const later = held;
  held = null;
  for (const change of later) document.dispatchEvent(new CustomEvent("labrelay:change", { detail: { ...change, again: true } }));
  plan(everyMs);
}

/** @param {string[]} wanted @returns {Promise<boolean>} whether the server answered with the page */
async function redraw(wanted) {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of wanted) exchange(document.getElementById(id), page.getElementById(id));
    return true;
  } catch {
    return false;
  }
}

/** @param {HTMLElement | null} old @param {HTMLElement | null} fresh */
function exchange(old, fresh) {
  if (!old || !fresh || old.isEqualNode(fresh)) return;
  if (busy(old)) return void due.add(old.id);
  const keep = stateOf(old);
  old.replaceWith(document.adoptNode(fresh));
  keep(fresh);
  document.dispatchEvent(new CustomEvent("labrelay:redrawn", { detail: { id: fresh.id } }));
}

/**
 * Whether somebody is about to fill something in, or chose text.
 * @param {HTMLElement} section
 */
function busy(section) {
  if (section.querySelector("details[open] form")) return true;
  const selection = getSelection();
  if (selection && !selection.isCollapsed && section.contains(selection.anchorNode)) return true;
  return [...section.querySelectorAll("input, textarea, select")].some(
    (each) => each.matches(":focus:not([type=checkbox], [type=radio])") || changed(each),
  );
}

/** @param {Element} control */
function changed(control) {
  if (control instanceof HTMLSelectElement) return control.selectedIndex !== Math.max(0, [...control.options].findIndex((each) => each.defaultSelected));
  if (control instanceof HTMLInputElement && control.matches("[type=checkbox], [type=radio]")) return control.checked !== control.defaultChecked;
  return (control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement) && control.value !== control.defaultValue;
}

/**
 * Where the keyboard is, what is open and how far it is scrolled; the answer brings it back.
 * @param {HTMLElement} old @returns {(fresh: HTMLElement) => void}
 */
function stateOf(old) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const open = [...old.querySelectorAll("details[open]")].map(keyOf);
  const scrolled = [old, ...old.querySelectorAll("*")].filter((each) => each.scrollTop || each.scrollLeft);
  const places = scrolled.map((each) => ({ id: each.id, top: each.scrollTop, left: each.scrollLeft }));
  return (fresh) => {
    for (const each of fresh.querySelectorAll("details")) if (open.includes(keyOf(each))) each.open = true;
    for (const { id, top, left } of places) document.getElementById(id)?.scrollTo(left, top);
    if (focused) twinOf(focused, fresh)?.focus({ preventScroll: true });
  };
}

/** @param {Element} element */
const keyOf = (element) => element.id || `${element.tagName} ${element.getAttribute("href") ?? ""} ${(element.querySelector("summary") ?? element).textContent?.trim()}`;

/** @param {Element} element @param {HTMLElement} fresh @returns {HTMLElement | undefined} */
function twinOf(element, fresh) {
  const all = /** @type {HTMLElement[]} */ ([...fresh.querySelectorAll(element.tagName)]);
  const same = (/** @type {HTMLElement} */ each) => element.getAttribute("href") !== null && each.getAttribute("href") === element.getAttribute("href");
  return all.find((each) => keyOf(each) === keyOf(element)) ?? all.find(same);
}

document.addEventListener("labrelay:change", ({ detail }) => {
  everyMs = detail.every_ms;
  if (detail.again) return;
  for (const section of sections()) if (touched(section, detail)) due.add(section.id);
  held?.push(detail);
  plan(detail.spread_ms);
});
document.addEventListener("labrelay:resync", ({ detail }) => {
  everyMs = detail.every_ms;
  for (const section of sections()) due.add(section.id);
  plan(detail.spread_ms);
});
document.addEventListener("labrelay:reread", ({ detail }) => {
  due.add(detail.id);
  plan(0);
});
document.addEventListener("visibilitychange", () => plan(0));
