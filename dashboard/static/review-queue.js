// @ts-check
/**
 * The review queue from the keyboard: sends the page's own forms and shows what the server answers, nothing else.
 *
 * No verdict is shown before the server has told it, and none is given on a picture that isn't shown yet. Escape
 * closes the list of reasons and does nothing besides.
 */

/** @type {Record<string, string>} */
const ARROWS = { ArrowRight: "j", ArrowLeft: "k" };

/** @param {HTMLFormElement} form */
function bodyOf(form) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.append(name, String(value));
  return body;
}

class ReviewQueue extends HTMLElement {
  #busy = false;
  /**
   * Forms that take back what was said before, newest last.
   * @type {{ action: string, body: URLSearchParams }[]}
   */
  #undos = [];
  #told = new AbortController();

  connectedCallback() {
    const signal = this.#told.signal;
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    addEventListener("popstate", () => this.#go(location.href, false), { signal });
    this.addEventListener("submit", (event) => this.#submitted(event));
    this.addEventListener("click", (event) => this.#clicked(event));
    this.#arrived();
  }

  disconnectedCallback() {
    this.#told.abort();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.key === "Escape") return this.#closeReasons();
    if (!this.dataset.keys || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    if (target instanceof Element && target.closest("input:not([type=checkbox]), select, textarea")) return;
    const key = ARROWS[event.key] ?? event.key.toLowerCase();
    if (key === "u" && this.#undos.length && !this.#busy) {
      event.preventDefault();
      return void this.#undo();
    }
    const pressed = /^[a-z1-9]$/.test(key) ? this.#pressable(key) : null;
    if (!pressed) return;
    event.preventDefault();
    if (pressed.matches("summary")) this.#openReasons();
    else pressed.click();
  }

  /** @param {string} key @returns {HTMLElement | null} */
  #pressable(key) {
    if (this.#busy) return null;
    const found = /** @type {HTMLElement | null} */ (this.querySelector(`[data-key="${key}"]`));
    const closed = found?.closest("details:not([open])");
    return closed && !found?.matches("summary") ? null : found;
  }

  /** @returns {HTMLDetailsElement | null} */
  get #reasons() {
    return this.querySelector("#review-rejecting");
  }

  #openReasons() {
    if (!this.#reasons) return;
    this.#reasons.open = true;
    /** @type {HTMLElement | null} */ (this.#reasons.querySelector("button"))?.focus();
  }

  #closeReasons() {
    if (!this.#reasons?.open) return;
    this.#reasons.open = false;
    this.#reasons.querySelector("summary")?.focus();
  }

  /** @param {SubmitEvent} event */
  #submitted(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
    event.preventDefault();
    const body = bodyOf(form);
    const pressed = event.submitter;
    if (pressed instanceof HTMLButtonElement && pressed.name) body.append(pressed.name, pressed.value);
    if (body.has("undo")) this.#undos.pop();
    void this.#send(form.action, body);
  }

  #undo() {
    const last = this.#undos.pop();
    if (last) void this.#send(last.action, last.body);
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const link = event.target instanceof Element ? event.target.closest("a.step:not([data-away])") : null;
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void this.#go(link.href, true);
  }

  /** @param {string} action @param {URLSearchParams} body */
  async #send(action, body) {
    if (this.#busy) return;
    this.#wait(true);
    this.#speak(this.dataset.wordSaving ?? "");
    const answer = await this.#asked(action, { method: "POST", body, headers: { Accept: "text/html" } });
    this.#wait(false);
    if (!answer) return this.#refused(this.dataset.wordLost ?? "");
    if (!this.#show(answer.page)) return this.#refused(this.#wordsOf(answer.page));
    if (!answer.ok) return this.#speak(this.querySelector("#review-said")?.textContent ?? "");
    history.pushState(null, "", answer.url);
    this.#keepUndo();
    this.#speakState();
  }

  /** @param {string} url @param {boolean} push */
  async #go(url, push) {
    if (this.#busy) return;
    this.#wait(true);
    const answer = await this.#asked(url, { headers: { Accept: "text/html" } });
    this.#wait(false);
    if (!answer || !this.#show(answer.page)) return location.assign(url);
    if (push) history.pushState(null, "", answer.url);
    this.#speakState();
  }

  /**
   * @param {string} url
   * @param {RequestInit} options
   * @returns {Promise<{ page: Document, ok: boolean, url: string } | null>}
   */
  async #asked(url, options) {
    try {
      const answer = await fetch(url, options);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      return { page, ok: answer.ok, url: answer.url };
    } catch {
      return null;
    }
  }

  /**
   * Show the queue as the server drew it; false where it drew another page.
   * @param {Document} page
   */
  #show(page) {
    const drawn = page.querySelector("review-queue");
    if (!drawn) return false;
    const held = this.contains(document.activeElement);
    const open = this.querySelector("#review-choice")?.hasAttribute("open") ?? false;
    this.replaceChildren(...[...drawn.childNodes].map((each) => document.importNode(each, true)));
    this.querySelector("#review-choice")?.toggleAttribute("open", open);
    if (held) /** @type {HTMLElement | null} */ (this.querySelector("#review-name"))?.focus({ preventScroll: true });
    this.#arrived();
    return true;
  }

  /** The picture after this one is fetched while this one is looked at. */
  #arrived() {
    const coming = /** @type {HTMLElement | null} */ (this.querySelector("[data-coming]"))?.dataset.coming;
    if (coming) new Image().src = coming;
  }

  #keepUndo() {
    const form = /** @type {HTMLFormElement | null} */ (this.querySelector("#review-said form"));
    if (!form) return;
    const body = bodyOf(form);
    body.append("undo", "yes");
    this.#undos.push({ action: form.action, body });
  }

  /** @param {boolean} busy */
  #wait(busy) {
    this.#busy = busy;
    this.classList.toggle("busy", busy);
    this.toggleAttribute("aria-busy", busy);
  }

  /** @param {string} words */
  #refused(words) {
    const place = this.querySelector("#review-said");
    if (!place) return;
    const told = document.createElement("p");
    told.className = "notice unsaved";
    told.setAttribute("role", "alert");
    told.textContent = words;
    place.replaceChildren(told);
  }

  /** @param {Document} page */
  #wordsOf(page) {
    const told = [...page.querySelectorAll("main h1, main p")].map((each) => each.textContent?.trim() ?? "");
    return [this.dataset.wordRefused ?? "", ...told].join(" ");
  }

  #speakState() {
    const parts = ["#review-saved", "#review-progress", "#review-name", "#review-verdict"];
    this.#speak(parts.map((each) => this.querySelector(each)?.textContent?.trim() ?? "").filter(Boolean).join(". "));
  }

  /** @param {string} words */
  #speak(words) {
    const place = document.querySelector("#review-spoken");
    if (place) place.textContent = words.replace(/\s+/g, " ");
  }
}
customElements.define("review-queue", ReviewQueue);
