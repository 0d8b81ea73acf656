// @ts-check
/** Looks how far an act on many jobs has come while it runs, and lets its section be read anew. */
const LOOK_MS = 1_000;

class ActionProgress extends HTMLElement {
  connectedCallback() {
    setTimeout(() => this.#look(), LOOK_MS);
  }

  async #look() {
    if (!this.isConnected) return;
    const id = this.dataset.room ?? "";
    const shown = document.getElementById(id)?.dataset.state;
    if (shown === "running" && !document.hidden) document.dispatchEvent(new CustomEvent("labrelay:reread", { detail: { id } }));
    setTimeout(() => this.#look(), LOOK_MS);
  }
}
customElements.define("action-progress", ActionProgress);
