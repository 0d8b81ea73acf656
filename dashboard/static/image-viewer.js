// @ts-check
/** The viewer: upgrades the sealed picture to pixels that can be looked at, measured and judged. */
import { onward, read, Settling, write } from "./image-address.js";
import { Controls } from "./image-controls.js";
import { Verdicts } from "./image-objects.js";
import { Picture } from "./image-picture.js";
import { ask, fetchGrid, Plane, Trouble } from "./image-samples.js";
import { Stage } from "./image-stage.js";

const SETTLE_MS = 250;
const BLINK_MS = 600;
const BAR_SHARE = 0.25;
const LENGTHS = [-2, -1, 0, 1, 2, 3, 4].flatMap((power) => [1, 2, 5].map((each) => each * 10 ** power));

class ImageViewer extends HTMLElement {
  state = read(location.search);
  stage = /** @type {Stage} */ (/** @type {unknown} */ (null));
  verdicts = /** @type {Verdicts} */ (/** @type {unknown} */ (null));
  controls = /** @type {Controls} */ (/** @type {unknown} */ (null));
  /**
   * None before the pixels came.
   * @type {Picture | null}
   */
  picture = null;
  pointed = 0;
  drawing = 0;
  blinking = 0;
  blinked = false;
  finer = 0;
  writing = new Settling(() => this.remember(), SETTLE_MS);

  connectedCallback() {
    this.stage = new Stage(this.one(".stage"), {
      moved: () => this.moved(),
      pointed: (x, y) => this.point(x, y),
      left: () => this.unpoint(),
      pressed: (x, y) => this.press(x, y),
      key: (key) => this.key(key),
    });
    this.verdicts = new Verdicts(this, () => this.draw());
    if (location.hash === "#viewer") this.stage.element.focus({ preventScroll: true });
    this.lead();
    this.begin().catch((trouble) => this.tell(trouble));
  }

  /** @type {(selector: string) => any} */
  one = (selector) => this.querySelector(selector);

  async begin() {
    const waiting = this.one(".waiting");
    waiting.textContent = this.dataset.wordLoading ?? "";
    waiting.hidden = false;
    try {
      const facts = /** @type {import("./image-samples.js").Facts} */ (await (await ask(this.dataset.planes ?? "")).json());
      const query = `?level=${facts.levels}&v=${facts.version}`;
      const mask = facts.mask ? fetchGrid(this.dataset.labels + query, facts.levels) : null;
      mask?.catch(() => {});
      const grids = await Promise.all(facts.planes.map((each) => fetchGrid(`${this.dataset.planes}/${each.number}${query}`, facts.levels)));
      const picture = new Picture(facts, grids.map((grid) => new Plane(grid, true)), { raw: this.one("canvas.raw"), mask: this.one("canvas.mask") });
      this.show(picture);
      if (mask) picture.mask = new Plane(await mask, false);
      this.draw();
      this.dataset.ready = "yes";
    } finally {
      waiting.hidden = true;
    }
  }

  /** @param {Picture} picture */
  show(picture) {
    const { facts, planes } = picture;
    const trouble = this.one(".masktrouble");
    trouble.textContent = facts.mask_trouble;
    trouble.hidden = !facts.mask_trouble;
    this.controls = new Controls(this, this.state, facts, planes, (channel) => this.changed(channel));
    planes.forEach((_, channel) => picture.take(channel, this.controls.look(channel)));
    this.picture = picture;
    for (const name of ["canvas.raw", "canvas.mask"]) this.one(name).hidden = false;
    for (const each of this.querySelectorAll(".preview, .nopicture")) /** @type {HTMLElement} */ (each).hidden = true;
    this.stage.size = { width: facts.planes[0].width, height: facts.planes[0].height };
    this.stage.panes = this.state.compare === "side" ? 2 : 1;
    if (this.state.zoom) this.stage.go({ scale: this.state.zoom, x: this.state.x || 0, y: this.state.y || 0 });
    else this.stage.fit();
  }

  /**
   * A control was moved: of a channel, or (-1) of all else.
   * @param {number} channel
   */
  changed(channel) {
    const panes = this.state.compare === "side" ? 2 : 1;
    if (channel >= 0) this.picture?.take(channel, this.controls.look(channel));
    if (panes !== this.stage.panes) {
      this.stage.panes = panes;
      this.stage.resized();
    }
    this.draw();
    this.writing.later();
  }

  moved() {
    if (!this.picture) return;
    this.draw();
    this.writing.later();
    clearTimeout(this.finer);
    this.finer = window.setTimeout(() => this.sharpen(), SETTLE_MS);
  }

  async sharpen() {
    const urls = { planes: this.dataset.planes ?? "", labels: this.dataset.labels ?? "" };
    try {
      if (await this.picture?.sharpen(urls, this.stage)) this.draw();
    } catch {
      // A moment's trouble costs sharpness only, and the next movement asks again.
    }
  }

  remember() {
    const { view, fitted } = this.stage;
    Object.assign(this.state, fitted ? { zoom: 0 } : { zoom: view.scale, x: view.x, y: view.y });
    write(this.state);
    this.lead();
  }

  /** Links to other images take the look along. */
  lead() {
    for (const link of document.querySelectorAll("a.step, a.onward")) link.setAttribute("href", onward(/** @type {HTMLAnchorElement} */ (link).href));
  }

  draw() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = 0;
      if (this.picture) this.paint(this.picture);
    });
  }

  /** @param {Picture} picture */
  paint(picture) {
    const { compare, swipe } = this.state;
    const marks = { out: this.verdicts.out, pointed: this.pointed, hidden: this.blinked };
    picture.paint(this.stage, this.controls.looks, this.state, marks);
    const divider = this.one(".divider");
    divider.hidden = compare === "over" || !picture.mask;
    divider.style.left = compare === "side" ? "50%" : `${swipe}%`;
    this.controls.tell(this.stage.view.scale / this.stage.ratio);
    this.measure(picture.facts.pixel_size_um);
  }

  /**
   * The scale bar: the longest round length that fits; none where nobody knows the size of a pixel.
   * @param {number | null} size
   */
  measure(size) {
    const bar = this.one(".scalebar");
    bar.hidden = !size;
    if (!size) return;
    const pixel = this.stage.view.scale / this.stage.ratio / size;
    const most = (this.stage.room.width / this.stage.ratio) * BAR_SHARE;
    const length = LENGTHS.filter((each) => each * pixel <= most).pop() ?? LENGTHS[0];
    this.one(".length").style.width = `${length * pixel}px`;
    const text = this.one(".scalebar .text");
    text.textContent = text.dataset.word.replace("{length}", String(Number(length.toPrecision(2))));
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  point(x, y) {
    if (!this.picture) return;
    const [px, py] = [Math.floor(x), Math.floor(y)];
    const samples = this.picture.planes.map((plane) => plane.sample(px, py));
    if (!samples[0]) return this.unpoint();
    const object = this.picture.mask?.sample(px, py)?.value ?? 0;
    const words = [`x ${px}, y ${py}`, ...this.controls.values(samples), this.verdicts.words(object)];
    this.one(".values").textContent = words.filter(Boolean).join(" · ");
    if (object !== this.pointed) {
      this.pointed = object;
      this.draw();
    }
  }

  unpoint() {
    this.one(".values").textContent = "\u00a0";
    if (this.pointed) this.draw();
    this.pointed = 0;
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  press(x, y) {
    const object = this.picture?.mask?.sample(Math.floor(x), Math.floor(y))?.value ?? 0;
    this.stage.element.focus({ preventScroll: true });
    if (object && this.state.mask !== "off") this.verdicts.toggle(object);
  }

  /** @param {string} pressed */
  key(pressed) {
    const key = pressed.toLowerCase();
    const step = /** @type {Record<string, string>} */ ({ n: "next", p: "previous" })[key];
    const link = step && document.querySelector(`a[data-step="${step}"]`);
    if (link) {
      this.writing.now();
      location.assign(onward(/** @type {HTMLAnchorElement} */ (link).href));
      return true;
    }
    if (key === "b") return this.blink();
    if (key === "x" && this.pointed) return this.verdicts.toggle(this.pointed);
    if (key === "z") return this.verdicts.undo();
    return this.controls?.key(pressed) ?? false;
  }

  /** The mask comes and goes; where motion is unwelcome, once for each press. */
  blink() {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const running = this.blinking;
    clearInterval(running);
    this.blinking = 0;
    this.blinked = still ? !this.blinked : !running;
    if (!still && !running) {
      this.blinking = window.setInterval(() => {
        this.blinked = !this.blinked;
        this.draw();
      }, BLINK_MS);
    }
    this.draw();
    return true;
  }

  /**
   * Say kindly why there are no pixels; the sealed picture stays.
   * @param {unknown} trouble
   */
  tell(trouble) {
    const known = trouble instanceof Trouble && trouble.message ? trouble : null;
    const section = this.one("template.trouble").content.cloneNode(true);
    section.querySelector(".cause").textContent = known?.message ?? this.dataset.wordLost ?? "";
    section.querySelector(".next").textContent = known?.next ?? "";
    this.one(".viewertrouble").replaceChildren(section);
    this.dataset.ready = "no";
  }
}

customElements.define("image-viewer", ImageViewer);
