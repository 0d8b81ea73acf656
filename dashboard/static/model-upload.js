// @ts-check
/** Sends a zip with its progress, and says what the gateway's checks found; it never leaves before the answer. */
class ModelUpload extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form");
    if (!form) return;
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(form);
    });
  }

  /** @param {HTMLFormElement} form */
  send(form) {
    const file = /** @type {HTMLInputElement} */ (form.elements.namedItem("file")).files?.[0];
    const name = /** @type {HTMLInputElement} */ (form.elements.namedItem("name")).value;
    const bar = /** @type {HTMLProgressElement} */ (this.querySelector("progress"));
    const button = /** @type {HTMLButtonElement} */ (this.querySelector("button"));
    if (!file) return;
    const request = new XMLHttpRequest();
    request.open("PUT", `/models/${encodeURIComponent(name)}`);
    request.setRequestHeader("Content-Type", "application/zip");
    request.upload.addEventListener("progress", (event) => {
      bar.value = event.loaded / Math.max(1, event.total);
      const percent = String(Math.floor(100 * bar.value));
      this.say(percent === "100" ? this.dataset.checking : this.dataset.uploading?.replace("{percent}", percent));
    });
    request.addEventListener("loadend", () => {
      button.disabled = false;
      bar.hidden = true;
      this.say(this.verdict(request));
    });
    bar.hidden = false;
    button.disabled = true;
    request.send(file);
  }

  /** @param {XMLHttpRequest} request @returns {string | undefined} */
  verdict(request) {
    if (request.status === 201) return this.dataset.taken;
    try {
      const told = JSON.parse(request.responseText);
      return `${told.cause} ${told.next_step}`;
    } catch {
      return this.dataset.lost;
    }
  }

  /** @param {string | undefined} words */
  say(words) {
    const said = this.querySelector(".said");
    if (said && said.textContent !== words) said.textContent = words ?? "";
  }
}
customElements.define("model-upload", ModelUpload);
