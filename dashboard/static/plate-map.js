// @ts-check
/**
 * `<plate-map>`: keyboard and selection for a grid of wells that the server drew. One tab stop; arrows, Home, End with and
 * without Ctrl, `B07` jumps, Space marks, Shift with arrows, row and column names mark many, Enter opens, Escape frees.
 * The selection stands in the address (`sel`), as dashboard/plates/selection.py reads it.
 * @typedef {{row: number, column: number}} Place
 */

const TYPING_MS = 1_000;

class PlateMap extends HTMLElement {
  /** @type {Place} */
  #at = { row: 0, column: 0 };
  /** @type {Place} */
  #anchor = { row: 0, column: 0 };
  #leaves = new AbortController();
  #extending = false;
  #typed = "";
  #typedAt = 0;

  connectedCallback() {
    this.addEventListener("keydown", (event) => this.#pressed(event));
    this.addEventListener("click", (event) => this.#clicked(event));
    for (const kind of /** @type {const} */ (["focusin", "pointerover"])) this.addEventListener(kind, (event) => this.#read(event.target));
    this.#leaves = new AbortController();
    document.addEventListener("labrelay:redrawn", () => this.#redrawn(), { signal: this.#leaves.signal });
  }

  disconnectedCallback() {
    this.#leaves.abort();
  }

  /**
   * Rows of links to wells, as they are now.
   * @returns {HTMLAnchorElement[][]}
   */
  get #wells() {
    return [...this.querySelectorAll("tbody tr")].map((row) => /** @type {HTMLAnchorElement[]} */ ([...row.querySelectorAll("a.well")]));
  }

  /** @param {Element} link @returns {Place | undefined} */
  #placeOf(link) {
    const cell = link.closest("td");
    const row = cell?.parentElement;
    if (!cell || !(row instanceof HTMLTableRowElement) || !link.matches(".platemap .well")) return undefined;
    return { row: row.sectionRowIndex, column: cell.cellIndex - 1 };
  }

  /** @param {EventTarget | null} target */
  #read(target) {
    const link = target instanceof Element ? target.closest(".platemap .well") : null;
    const readout = this.querySelector("[data-readout]");
    if (!link || !readout) return;
    readout.textContent = link.getAttribute("aria-label");
    if (document.activeElement === link) this.#at = this.#placeOf(link) ?? this.#at;
  }

  /** A redrawn grid begins with its first well. */
  #redrawn() {
    const link = this.#wells[this.#at.row]?.[this.#at.column];
    if (!link || link.tabIndex === 0) return;
    for (const each of this.querySelectorAll('.well[tabindex="0"]')) each.setAttribute("tabindex", "-1");
    link.tabIndex = 0;
  }

  /** @param {Place} to */
  #go({ row, column }) {
    const wells = this.#wells;
    const at = { row: Math.min(Math.max(row, 0), wells.length - 1), column: 0 };
    at.column = Math.min(Math.max(column, 0), (wells[at.row]?.length ?? 1) - 1);
    const link = wells[at.row]?.[at.column];
    if (!link) return;
    for (const each of this.querySelectorAll('.well[tabindex="0"]')) each.setAttribute("tabindex", "-1");
    link.tabIndex = 0;
    this.#at = at;
    link.focus();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const link = event.target instanceof Element ? event.target.closest(".platemap .well") : null;
    const place = link && this.#placeOf(link);
    if (!place || event.altKey || event.metaKey) return;
    this.#at = place;
    if (event.key === "Escape") this.#choose([], "only");
    else if (event.key === " ") this.#mark(place);
    else if (this.#moves(event)) this.#move(event);
    else if (!event.ctrlKey && /^[a-z0-9]$/i.test(event.key)) this.#type(event.key);
    else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  #moves(event) {
    return ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key);
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const { row, column } = this.#at;
    const last = event.ctrlKey ? Infinity : row;
    /** @type {Record<string, Place>} */
    const to = {
      ArrowUp: { row: row - 1, column },
      ArrowDown: { row: row + 1, column },
      ArrowLeft: { row, column: column - 1 },
      ArrowRight: { row, column: column + 1 },
      Home: { row: event.ctrlKey ? 0 : row, column: 0 },
      End: { row: last, column: Infinity },
    };
    if (!this.#extending) this.#anchor = this.#at;
    this.#extending = event.shiftKey;
    this.#go(to[event.key]);
    if (event.shiftKey) this.#choose(this.#between(this.#anchor, this.#at), "only");
  }

  /**
   * Letters and digits that follow one another quickly name a well.
   * @param {string} key
   */
  #type(key) {
    const now = performance.now();
    const goesOn = now - this.#typedAt < TYPING_MS && !(/\d$/.test(this.#typed) && /\D/.test(key));
    this.#typed = (goesOn ? this.#typed : "") + key.toUpperCase();
    this.#typedAt = now;
    const named = /^([A-Z]{1,2})(\d{1,2})$/.exec(this.#typed);
    const rows = [...this.querySelectorAll("tbody th")].map((each) => each.textContent?.trim());
    const row = rows.indexOf(named ? named[1] : this.#typed);
    const column = named ? Number(named[2]) - 1 : this.#at.column;
    if (row < 0 || column < 0 || column >= (this.#wells[row]?.length ?? 0)) return;
    this.#extending = false;
    this.#go({ row, column });
  }

  /** @param {Place} from @param {Place} to @returns {HTMLAnchorElement[]} */
  #between(from, to) {
    const [top, bottom] = [from.row, to.row].sort((a, b) => a - b);
    const [left, right] = [from.column, to.column].sort((a, b) => a - b);
    return this.#wells.slice(top, bottom + 1).flatMap((row) => row.slice(left, right + 1));
  }

  /** @param {Place} place */
  #mark(place) {
    this.#anchor = place;
    this.#choose(this.#between(place, place), "toggle");
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = event.target instanceof Element ? event.target.closest("a") : null;
    if (!target || event.button) return;
    const place = this.#placeOf(target);
    if (place && event.shiftKey) this.#choose(this.#between(this.#anchor, place), "only");
    else if (place && (event.ctrlKey || event.metaKey)) this.#mark(place);
    else if (target.dataset.row) this.#choose(this.#wells[Number(target.dataset.row) - 1] ?? [], "toggle");
    else if (target.dataset.column) this.#choose(this.#wells.map((row) => row[Number(target.dataset.column) - 1]), "toggle");
    else if (target.matches(".clear")) this.#choose([], "only");
    else return;
    event.preventDefault();
  }

  /** @param {HTMLAnchorElement[]} links @param {"only" | "toggle"} how */
  #choose(links, how) {
    const cells = links.map((each) => /** @type {Element} */ (each.closest("td")));
    const chosen = how === "only" || cells.some((cell) => cell.getAttribute("aria-selected") !== "true");
    if (how === "only") for (const cell of this.querySelectorAll('[aria-selected="true"]')) cell.setAttribute("aria-selected", "false");
    for (const cell of cells) cell.setAttribute("aria-selected", String(chosen));
    this.#tell();
  }

  /** The selection in the address, and what can be done with it. */
  #tell() {
    const rows = this.#wells.map((row) => row.filter((each) => each.closest("td")?.getAttribute("aria-selected") === "true").map(nameOf));
    const names = rows.flat();
    const address = new URL(location.href);
    if (names.length) address.searchParams.set("sel", rows.flatMap(runs).join(","));
    else address.searchParams.delete("sel");
    history.replaceState(history.state, "", address.href.replaceAll("%3A", ":").replaceAll("%2C", ","));
    const form = /** @type {HTMLFormElement | null} */ (this.querySelector("form.selection"));
    if (form) this.#fill(form, names);
  }

  /** @param {HTMLFormElement} form @param {string[]} names */
  #fill(form, names) {
    const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
    const whole = names.length === this.querySelectorAll(".platemap .well").length;
    const tooMany = !whole && names.length > Number(form.dataset.most);
    field("where").value = [form.dataset.where, ...(whole ? [] : names.map((name) => `well=${name}`))].join(" ");
    for (const button of form.querySelectorAll("button")) button.disabled = tooMany;
    form.querySelector("[data-too-many]")?.toggleAttribute("hidden", !tooMany);
    field("back").value = location.pathname + location.search;
    const words = (names.length === 1 ? form.dataset.wordsOne : form.dataset.wordsMany) ?? "{n}";
    const count = form.querySelector("[data-chosen]");
    if (count) count.textContent = words.replace("{n}", String(names.length));
    form.hidden = !names.length;
  }
}

/** @param {HTMLAnchorElement} link */
const nameOf = (link) => link.pathname.slice(link.pathname.lastIndexOf("/") + 1);

/**
 * Wells of one row, those that follow one another as `B01:B12`.
 * @param {string[]} names @returns {string[]}
 */
function runs(names) {
  /** @type {[string, string][]} */
  const found = [];
  const column = (/** @type {string} */ name) => Number(/\d+$/.exec(name)?.[0]);
  for (const name of names) {
    const last = found.at(-1);
    if (last && column(last[1]) + 1 === column(name)) last[1] = name;
    else found.push([name, name]);
  }
  return found.map(([first, end]) => (first === end ? first : `${first}:${end}`));
}

customElements.define("plate-map", PlateMap);
