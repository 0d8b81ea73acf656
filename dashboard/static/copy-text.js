// @ts-check
/** A button that copies a line of text; hidden where scripts or the clipboard are missing. */
class CopyText extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    if (!button || !navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.text ?? "");
      button.textContent = button.dataset.done ?? "";
    });
  }
}
customElements.define("copy-text", CopyText);
