// @ts-check
/**
 * `<plate-live>`: recolours wells as soon as their images change, for progress, status and counts; the section in it is
 * read anew a little later and is right for every layer. What each image was is asked for with the first change.
 * @typedef {{due: number, missing: boolean, images: Record<string, [string, number | null]>}} Well
 */

const STEPS = 32;
/** More wells at once don't flash. */
const MANY = 50;
/**
 * A tile's state as the letters of `images.json`.
 * @type {Record<string, string>}
 */
const LETTERS = { failed: "f", working: "r", returning: "r", waiting: "w", done: "d", unmatched: "n", withdrawn: "x" };
/**
 * What most needs somebody comes first.
 * @type {[string, string][]}
 */
const STATES = [["f", "failed"], ["m", "missing"], ["r", "running"], ["w", "waiting"], ["a", "awaited"], ["c", "accepted"], ["d", "done"], ["n", "unmatched"], ["x", "withdrawn"]];

class PlateLive extends HTMLElement {
  #leaves = new AbortController();
  /** @type {Record<string, Well> | null} */
  #wells = null;
  /** @type {Promise<void> | null} */
  #asked = null;
  /**
   * Changes while the wells are asked for.
   * @type {Tile[]}
   */
  #held = [];
  /** @type {Map<string, HTMLAnchorElement>} */
  #links = new Map();
  /** @type {Record<string, string>} */
  #letters = {};

  connectedCallback() {
    for (const pair of (this.dataset.letters ?? "").split(";")) {
      const [look, letter] = pair.split("=");
      if (look) this.#letters[look] = letter;
    }
    this.#leaves = new AbortController();
    const until = { signal: this.#leaves.signal };
    document.addEventListener("labrelay:change", ({ detail }) => this.#changed(detail.tiles), until);
    document.addEventListener("labrelay:resync", () => (this.#wells = null), until);
    document.addEventListener("labrelay:redrawn", () => this.#links.clear(), until);
  }

  disconnectedCallback() {
    this.#leaves.abort();
  }

  /** @param {Tile[]} tiles */
  #changed(tiles) {
    const ours = tiles.filter((tile) => tile.plate === this.dataset.plate && tile.well);
    if (!ours.length) return;
    if (this.#wells) return this.#paint(this.#take(this.#wells, ours));
    this.#held.push(...ours);
    this.#asked ??= this.#ask();
  }

  async #ask() {
    try {
      const answer = await fetch(`/plates/${this.dataset.plate}/images.json${location.search}`);
      if (answer.ok) this.#wells = (await answer.json()).wells;
    } catch {
      // The section is read anew all the same.
    }
    const held = this.#held;
    this.#held = [];
    this.#asked = null;
    if (this.#wells) this.#paint(this.#take(this.#wells, held));
  }

  /** @param {Record<string, Well>} wells @param {Tile[]} tiles @returns {Set<string>} the wells that changed */
  #take(wells, tiles) {
    const names = new Set();
    for (const tile of tiles) {
      const name = /** @type {string} */ (tile.well);
      const well = (wells[name] ??= { due: 0, missing: false, images: {} });
      well.images[tile.id.slice(0, 8)] = [LETTERS[tile.state] ?? "r", tile.count ?? null];
      names.add(name);
    }
    return names;
  }

  /** @param {Set<string>} names */
  #paint(names) {
    const began = performance.now();
    if (!this.#links.size) this.#collect();
    for (const name of names) {
      const link = this.#links.get(name);
      const well = this.#wells?.[name];
      if (link && well) this.#draw(link, name, well, names.size > MANY ? "" : " changed-well");
    }
    this.dataset.painted = String(Math.round(10 * (performance.now() - began)) / 10);
  }

  #collect() {
    for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (this.querySelectorAll(".platemap .well"))) {
      this.#links.set(link.pathname.slice(link.pathname.lastIndexOf("/") + 1), link);
    }
  }

  /** @param {HTMLAnchorElement} link @param {string} name @param {Well} well @param {string} flash */
  #draw(link, name, well, flash) {
    const images = Object.values(well.images);
    const due = Math.max(well.due, images.length);
    const settled = images.filter(([state]) => state === "d" || state === "n").length;
    const value = this.#value(images, (100 * settled) / due);
    if (value === undefined) return void (flash && link.classList.add("changed-well"));
    if (value === null) return this.#state(link, images, well.missing && images.length < due ? "m" : images.length < due ? "a" : "", flash);
    const low = Number(this.dataset.low);
    const span = Number(this.dataset.high) - low;
    const step = span > 0 ? Math.min(STEPS - 1, Math.max(0, Math.floor(((value - low) / span) * STEPS))) : STEPS / 2;
    link.className = `well step-${step}${settled < due ? " partly" : ""}${flash}`;
    const shown = `${Math.round(value).toLocaleString("en")}${this.dataset.unit ?? ""}`;
    if (link.closest(".wells-6, .wells-12, .wells-24, .wells-48, .wells-96")) link.textContent = shown.replace("%", "");
    link.setAttribute("aria-label", (this.dataset.wordsValue ?? "").replace("{well}", name).replace("{value}", shown));
  }

  /**
   * What the layer shows: a number, null for the state, undefined where tiles don't tell it.
   * @param {[string, number | null][]} images @param {number} share
   */
  #value(images, share) {
    if (this.dataset.layer === "progress") return share;
    const counts = images.flatMap(([, count]) => (count === null ? [] : [count]));
    if (this.dataset.layer === "status" || (this.dataset.main && !counts.length)) return null;
    return this.dataset.main ? counts.reduce((sum, count) => sum + count, 0) : undefined;
  }

  /** @param {HTMLAnchorElement} link @param {[string, number | null][]} images @param {string} lacks @param {string} flash */
  #state(link, images, lacks, flash) {
    const look = STATES.find(([state]) => state === lacks || images.some((each) => each[0] === state))?.[1] ?? "empty";
    const letter = this.#letters[look] ?? "";
    link.className = `well is-${look}${flash}`;
    if (link.textContent !== letter) link.textContent = letter;
  }
}

customElements.define("plate-live", PlateLive);
