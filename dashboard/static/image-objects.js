// @ts-check
/**
 * What was measured of objects, and which of them don't count. The page itself holds who took out what: after each act
 * it is drawn anew by the server, so nothing is shown that isn't on record.
 */
import { ask } from "./image-samples.js";

const PARTS = ["image-trouble", "image-found", "image-objects"];
const TOLD = ["area_um2", "area_px", "mean_intensity"];

export class Verdicts {
  /** @param {any} viewer @param {() => void} changed */
  constructor(viewer, changed) {
    this.viewer = viewer;
    this.changed = changed;
    /** @type {Set<number>} */
    this.out = new Set();
    /** @type {{object: number, out: boolean}[]} */
    this.acts = [];
    /** @type {Map<number, string>} */
    this.texts = new Map();
    this.busy = false;
    this.reread();
    const side = document.getElementById("image-side");
    if (side) new MutationObserver(() => this.reread()).observe(side, { childList: true });
    this.measured().catch(() => {}); // the page says why there is no table
    document.addEventListener("submit", (event) => this.submit(event));
  }

  reread() {
    const listed = document.getElementById("image-found")?.dataset.excluded ?? "";
    this.out = new Set(listed.split(",").filter(Boolean).map(Number));
    this.changed();
  }

  async measured() {
    const told = await (await ask(this.viewer.dataset.objects)).json();
    const labels = told.columns.label ?? Array.from({ length: told.count }, (_, row) => row + 1);
    const names = TOLD.filter((name) => told.columns[name]);
    labels.forEach((/** @type {number} */ label, /** @type {number} */ row) => {
      const values = names.map((name) => `${name.replaceAll("_", " ")} ${Number(Number(told.columns[name][row]).toPrecision(5))}`);
      this.texts.set(label, values.join(", "));
    });
  }

  /** @param {number} object */
  words(object) {
    if (!object) return "";
    const { wordObject, wordExcluded } = this.viewer.dataset;
    const named = (this.out.has(object) ? wordExcluded : wordObject)?.replace("{number}", String(object));
    const text = this.texts.get(object);
    return text ? `${named}: ${text}` : named;
  }

  /** @param {number} object */
  toggle(object) {
    if (!this.viewer.dataset.acts || this.busy) return false;
    const out = !this.out.has(object);
    this.acts.push({ object, out });
    this.post(object, out);
    return true;
  }

  undo() {
    const last = this.acts.pop();
    if (!last || this.busy) return false;
    this.post(last.object, !last.out);
    return true;
  }

  /**
   * The page's own forms go the same way, so that the view stays where it is.
   * @param {SubmitEvent} event
   */
  submit(event) {
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.getAttribute("action") !== this.viewer.dataset.exclusions || !button) return;
    event.preventDefault();
    const object = Number(button.value);
    this.acts.push({ object, out: button.name === "exclude" });
    this.post(object, button.name === "exclude");
  }

  /** @param {number} object @param {boolean} out */
  async post(object, out) {
    this.busy = true;
    const body = new URLSearchParams({ [out ? "exclude" : "include"]: String(object), back: location.pathname + location.search });
    try {
      const answer = await fetch(this.viewer.dataset.exclusions, { method: "POST", body, headers: { Accept: "text/html" } });
      if (!this.redraw(await answer.text(), object)) this.viewer.tell(null);
    } catch {
      this.viewer.tell(null);
    } finally {
      this.busy = false;
    }
  }

  /** @param {string} html @param {number} object */
  redraw(html, object) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const held = /** @type {HTMLElement | null} */ (document.activeElement)?.closest("[data-object]") ? object : 0;
    const fresh = PARTS.map((id) => page.getElementById(id));
    if (fresh.some((part) => !part)) return false;
    for (const part of fresh) if (part) document.getElementById(part.id)?.replaceWith(document.adoptNode(part));
    if (held) /** @type {HTMLElement | null} */ (document.querySelector(`#image-objects [data-object="${held}"] button`))?.focus();
    this.reread();
    return true;
  }
}
