// @ts-check
/**
 * Keeps the rows of a table of jobs true: those that are there are written anew in place, none moves.
 * New ones are counted by the pill (`#rows-pill`, `data-word-one`, `data-word-many`), a link to the first page.
 * The table body `#rows` says what belongs to it: `data-newest` (empty on older pages), `data-stages`, `data-path`, and
 * `data-having` (JSON: by member of a tile the values of which it has one).
 */

/**
 * Jobs that came since the table was drawn.
 * @type {Set<string>}
 */
const fresh = new Set();

/** @param {string} tag @param {string} className @param {string} text */
function make(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** @param {HTMLElement} row @param {string} cell @param {(string | Node)[]} content */
function fill(row, cell, content) {
  row.querySelector(`.${cell}`)?.replaceChildren(...content);
}

/** @param {Tile} tile */
function state(tile) {
  const letter = make("span", `letter look-${tile.state}`, tile.letter);
  letter.setAttribute("aria-hidden", "true");
  const words = make("span", "words", tile.words);
  if (tile.note) words.append(make("span", "quiet", tile.note));
  return [letter, words];
}

/** @param {Tile} tile */
function result(tile) {
  const flags = (tile.flags ?? []).flatMap((flag) => [" ", make("span", "flag", flag)]);
  return tile.result ? [make("span", "value", tile.result), ...flags] : flags;
}

/** @param {HTMLElement} row @param {Tile} tile */
function patch(row, tile) {
  if (Number(row.dataset.updated ?? 0) > tile.updated_ns) return;
  row.dataset.updated = String(tile.updated_ns);
  const time = document.createElement("time");
  time.dateTime = tile.at.iso;
  time.textContent = tile.at.text;
  fill(row, "state", state(tile));
  fill(row, "result", result(tile));
  fill(row, "pipeline", [tile.pipeline ?? ""]);
  fill(row, "took", [tile.took ?? ""]);
  fill(row, "updated", [time]);
  row.classList.toggle("left", !belongs(/** @type {HTMLElement} */ (row.parentElement), tile));
  row.classList.add("changed");
}

/** @param {HTMLElement} rows @param {Tile} tile */
function belongs(rows, tile) {
  const stages = rows.dataset.stages?.split(" ").filter(Boolean) ?? [];
  const path = (rows.dataset.path ?? "").toLowerCase();
  if ((stages.length && !stages.includes(tile.stage)) || !tile.path.toLowerCase().includes(path)) return false;
  const told = /** @type {Record<string, unknown>} */ (tile);
  const having = /** @type {Record<string, string[]>} */ (JSON.parse(rows.dataset.having || "{}"));
  return Object.entries(having).every(([member, values]) => values.includes(String(told[member] ?? "")));
}

/**
 * Whether a job that isn't shown would stand on this page.
 * @param {HTMLElement} rows @param {Tile} tile
 */
function missing(rows, tile) {
  const last = /** @type {HTMLElement | null} */ (rows.lastElementChild);
  const reaches = !rows.dataset.older || Number(last?.dataset.created ?? 0) < tile.created_ns;
  return Boolean(rows.dataset.newest) && belongs(rows, tile) && reaches;
}

/** @param {HTMLElement} rows */
function count(rows) {
  const pill = document.getElementById("rows-pill");
  if (!fresh.size) return pill?.setAttribute("hidden", "");
  const room = rows.closest("[data-live]");
  if (!rows.children.length && room) {
    document.dispatchEvent(new CustomEvent("labrelay:reread", { detail: { id: room.id } }));
  } else if (pill) {
    const words = fresh.size === 1 ? pill.dataset.wordOne : pill.dataset.wordMany;
    pill.textContent = (words ?? "{n}").replace("{n}", fresh.size.toLocaleString(document.documentElement.lang));
    pill.hidden = false;
  }
}

document.addEventListener("labrelay:change", ({ detail }) => {
  const rows = document.getElementById("rows");
  if (!rows) return;
  for (const tile of detail.tiles) {
    const row = document.getElementById(`job-${tile.id}`);
    if (row) patch(row, tile);
    else if (missing(rows, tile)) fresh.add(tile.id);
    else fresh.delete(tile.id);
  }
  count(rows);
});
document.addEventListener("labrelay:redrawn", ({ detail }) => {
  if (document.getElementById(detail.id)?.querySelector("#rows")) fresh.clear();
});
document.addEventListener("animationend", ({ target }) => {
  if (target instanceof Element) target.closest("tr.changed")?.classList.remove("changed");
});
