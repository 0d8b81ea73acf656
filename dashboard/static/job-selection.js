// @ts-check
/**
 * Ticks in a table of jobs: all of this page at once, a range with Shift, Escape for none, and how many there are.
 * What the form sends is the server's; this only makes ticking quicker.
 */
class JobSelection extends HTMLElement {
  /**
   * Where a range begins.
   * @type {HTMLInputElement | null}
   */
  #from = null;

  connectedCallback() {
    const all = this.#all;
    if (all) all.hidden = false;
    this.addEventListener("click", (event) => this.#clicked(event));
    this.addEventListener("change", () => this.#tell());
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.#tick(this.#boxes, false));
    this.#tell();
  }

  /** @returns {HTMLInputElement | null} */
  get #all() {
    return this.querySelector("input[data-all]");
  }

  /** @returns {HTMLInputElement[]} */
  get #boxes() {
    return [...this.querySelectorAll("input[name=job]")].map((each) => /** @type {HTMLInputElement} */ (each));
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const box = event.target;
    if (!(box instanceof HTMLInputElement)) return;
    if (box === this.#all) this.#tick(this.#boxes, box.checked);
    if (box.name !== "job") return;
    const boxes = this.#boxes;
    if (event.shiftKey && this.#from) {
      const [first, last] = [boxes.indexOf(this.#from), boxes.indexOf(box)].sort((one, other) => one - other);
      if (first >= 0) this.#tick(boxes.slice(first, last + 1), box.checked);
    }
    this.#from = box;
  }

  /** @param {HTMLInputElement[]} boxes @param {boolean} ticked */
  #tick(boxes, ticked) {
    for (const each of boxes) each.checked = ticked;
    this.#tell();
  }

  #tell() {
    const boxes = this.#boxes;
    const count = boxes.filter((each) => each.checked).length;
    const bar = /** @type {HTMLElement | null} */ (this.querySelector(".bulkbar"));
    const told = bar?.querySelector("[data-ticked]");
    if (!bar || !told) return;
    const words = bar.dataset[count === 0 ? "wordsNone" : count === 1 ? "wordsOne" : "wordsMany"] ?? "{n}";
    told.textContent = words.replace("{n}", count.toLocaleString(document.documentElement.lang));
    bar.classList.toggle("ready", count > 0);
    if (this.#all) {
      this.#all.checked = count > 0 && count === boxes.length;
      this.#all.indeterminate = count > 0 && count < boxes.length;
    }
  }
}
customElements.define("job-selection", JobSelection);
