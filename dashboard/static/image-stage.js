// @ts-check
/**
 * Moves the view of an image: pointers (mouse, pen, fingers), wheel and keys.
 * @typedef {import("./image-drawing.js").View} View
 * @typedef {{moved: () => void, pointed: (x: number, y: number) => void, left: () => void, pressed: (x: number, y: number) => void, key: (key: string) => boolean}} Listener
 */

const CLICK_PX = 5;
const LARGEST = 64;
const MARGIN = 1.6;

export class Stage {
  /** @param {HTMLElement} element @param {Listener} listener */
  constructor(element, listener) {
    this.element = element;
    this.listener = listener;
    /** @type {View} */
    this.view = { scale: 0, x: 0, y: 0 };
    this.fitted = true;
    this.panes = 1;
    this.size = { width: 0, height: 0 };
    /** @type {Map<number, {x: number, y: number}>} */
    this.fingers = new Map();
    this.travelled = 0;
    const on = /** @type {(kind: string, act: (event: any) => void, options?: AddEventListenerOptions) => void} */ (
      (kind, act, options) => element.addEventListener(kind, act, options)
    );
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    for (const kind of ["pointerup", "pointercancel"]) on(kind, (event) => this.up(event));
    on("pointerleave", () => listener.left());
    on("wheel", (event) => this.wheel(event), { passive: false });
    on("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.resized()).observe(element);
  }

  get ratio() {
    return window.devicePixelRatio || 1;
  }

  /** Width and height of a pane in the screen's own pixels. */
  get room() {
    return { width: Math.round((this.element.clientWidth * this.ratio) / this.panes), height: Math.round(this.element.clientHeight * this.ratio) };
  }

  get wholeScale() {
    return Math.min(this.room.width / this.size.width, this.room.height / this.size.height);
  }

  resized() {
    if (this.size.width && this.fitted) this.fit();
    else this.listener.moved();
  }

  fit() {
    this.fitted = true;
    this.view = { scale: this.wholeScale, x: this.size.width / 2, y: this.size.height / 2 };
    this.listener.moved();
  }

  /** @param {Partial<View>} view */
  go(view) {
    const next = { ...this.view, ...view };
    const least = this.wholeScale / 4;
    next.scale = Math.min(LARGEST, Math.max(Math.min(least, 1), next.scale));
    const keep = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ room) => {
      const spare = Math.max(0, (room / next.scale) * MARGIN - size) / 2;
      return Math.min(size + spare, Math.max(-spare, at));
    };
    next.x = keep(next.x, this.size.width, this.room.width);
    next.y = keep(next.y, this.size.height, this.room.height);
    this.fitted = false;
    this.view = next;
    this.listener.moved();
  }

  /**
   * The image's point under a point of the window.
   * @param {number} clientX @param {number} clientY
   */
  point(clientX, clientY) {
    const frame = this.element.getBoundingClientRect();
    const { width, height } = this.room;
    const x = ((clientX - frame.left - this.element.clientLeft) * this.ratio) % width;
    const y = (clientY - frame.top - this.element.clientTop) * this.ratio;
    return { x: this.view.x + (x - width / 2) / this.view.scale, y: this.view.y + (y - height / 2) / this.view.scale };
  }

  /**
   * Larger or smaller, around a point of the window or the middle.
   * @param {number} factor @param {{x: number, y: number}} [around]
   */
  zoom(factor, around) {
    const before = around ?? { x: this.view.x, y: this.view.y };
    const scale = Math.min(LARGEST, Math.max(Math.min(this.wholeScale / 4, 1), this.view.scale * factor));
    const real = scale / this.view.scale;
    this.go({ scale, x: before.x + (this.view.x - before.x) / real, y: before.y + (this.view.y - before.y) / real });
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (event.button !== 0 || !this.size.width) return;
    this.element.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.travelled = this.fingers.size > 1 ? Infinity : 0;
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (!this.size.width) return;
    const held = this.fingers.get(event.pointerId);
    const { x, y } = this.point(event.clientX, event.clientY);
    if (!held) return this.listener.pointed(x, y);
    const others = [...this.fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.travelled += Math.hypot(event.clientX - held.x, event.clientY - held.y);
    if (others.length) return this.pinch(held, event, others[0]);
    if (this.travelled < CLICK_PX) return;
    const step = this.ratio / this.view.scale;
    this.go({ x: this.view.x - (event.clientX - held.x) * step, y: this.view.y - (event.clientY - held.y) * step });
  }

  /** @param {{x: number, y: number}} before @param {PointerEvent} now @param {{x: number, y: number}} other */
  pinch(before, now, other) {
    const spread = Math.hypot(before.x - other.x, before.y - other.y) || 1;
    const factor = Math.hypot(now.clientX - other.x, now.clientY - other.y) / spread;
    this.zoom(factor, this.point((now.clientX + other.x) / 2, (now.clientY + other.y) / 2));
  }

  /** @param {PointerEvent} event */
  up(event) {
    if (!this.fingers.delete(event.pointerId)) return;
    if (event.type !== "pointerup" || this.travelled >= CLICK_PX) return;
    const { x, y } = this.point(event.clientX, event.clientY);
    this.listener.pressed(x, y);
  }

  /**
   * The page scrolls unless the picture has the focus, or Ctrl is held.
   * @param {WheelEvent} event
   */
  wheel(event) {
    if (!this.size.width || !(event.ctrlKey || document.activeElement === this.element)) return;
    event.preventDefault();
    this.zoom(2 ** (-Math.sign(event.deltaY) / 3), this.point(event.clientX, event.clientY));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.moves(event.key) || this.listener.key(event.key)) event.preventDefault();
  }

  /** @param {string} key */
  moves(key) {
    const step = this.room.width / this.view.scale / 10;
    const ways = /** @type {Record<string, () => void>} */ ({
      ArrowLeft: () => this.go({ x: this.view.x - step }),
      ArrowRight: () => this.go({ x: this.view.x + step }),
      ArrowUp: () => this.go({ y: this.view.y - step }),
      ArrowDown: () => this.go({ y: this.view.y + step }),
      "+": () => this.zoom(1.5),
      "=": () => this.zoom(1.5),
      "-": () => this.zoom(1 / 1.5),
      0: () => this.fit(),
    });
    if (!(key in ways) || !this.size.width) return false;
    ways[key]();
    return true;
  }
}
