// @ts-check
/**
 * An image on its two canvases: intensities below, objects above; over each other, side by side, or on both sides of a
 * divider.
 * @typedef {import("./image-address.js").State} State
 * @typedef {import("./image-drawing.js").Look} Look
 * @typedef {import("./image-drawing.js").View} View
 * @typedef {import("./image-samples.js").Facts} Facts
 * @typedef {{view: View, room: {width: number, height: number}, panes: number}} Place
 * @typedef {{out: Set<number>, pointed: number, hidden: boolean}} Marks
 */
import { Painter, tableOf } from "./image-drawing.js";
import { fetchGrid, Plane } from "./image-samples.js";

export class Picture {
  /**
   * @param {Facts} facts
   * @param {Plane[]} planes
   * @param {{raw: HTMLCanvasElement, mask: HTMLCanvasElement}} canvases
   */
  constructor(facts, planes, canvases) {
    this.facts = facts;
    this.planes = planes;
    /** @type {Plane | null} */
    this.mask = null;
    /** @type {Uint32Array[]} */
    this.tables = [];
    this.raw = new Painter(canvases.raw);
    this.over = new Painter(canvases.mask);
    this.asked = "";
  }

  /**
   * @param {number} channel
   * @param {Look} look
   */
  take(channel, look) {
    this.tables[channel] = tableOf(look, this.planes[channel]);
  }

  /**
   * @param {Place} place
   * @param {Look[]} looks
   * @param {State} state
   * @param {Marks} marks
   */
  paint(place, looks, state, marks) {
    const { room, panes, view } = place;
    for (const { canvas } of [this.raw, this.over]) {
      if (canvas.width !== room.width * panes || canvas.height !== room.height) {
        [canvas.width, canvas.height] = [room.width * panes, room.height];
      }
    }
    const shown = this.planes.map((_, channel) => channel).filter((channel) => looks[channel].on);
    const [planes, tables] = [shown.map((each) => this.planes[each]), shown.map((each) => this.tables[each])];
    this.raw.intensities(planes, tables, view, room.width, room.height);
    if (panes === 2) this.double(room.width, room.height);
    this.outline(place, state, marks);
  }

  /**
   * The same once more, on the right.
   * @param {number} width
   * @param {number} height
   */
  double(width, height) {
    const { context, canvas } = this.raw;
    context.clearRect(width, 0, width, height);
    context.drawImage(canvas, 0, 0, width, height, width, 0, width, height);
  }

  /**
   * @param {Place} place
   * @param {State} state
   * @param {Marks} marks
   */
  outline({ view, room, panes }, { mask, compare, swipe, opacity }, marks) {
    const { context, canvas } = this.over;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!this.mask || mask === "off" || marks.hidden) return;
    const left = panes === 2 ? room.width : 0;
    const from = compare === "swipe" ? (room.width * swipe) / 100 : left;
    context.save();
    context.beginPath();
    context.rect(from, 0, canvas.width - from, room.height);
    context.clip();
    this.over.objects(this.mask, view, { ...marks, ...room, left, fill: mask === "fill", opacity: opacity / 100 });
    context.restore();
  }

  /**
   * Where halvings are shown and the view is close, the seen part is asked for once more, finer.
   * @param {{planes: string, labels: string}} urls
   * @param {Place} place
   * @returns {Promise<boolean>} whether there is more to see now
   */
  async sharpen(urls, { view, room }) {
    const facts = this.facts;
    const level = Math.max(0, Math.round(Math.log2(1 / view.scale)));
    if (level >= facts.levels) return false;
    const part = 2 ** level;
    const whole = { width: facts.planes[0].width >> level, height: facts.planes[0].height >> level };
    const left = Math.max(0, Math.floor((view.x - room.width / view.scale / 2) / part));
    const top = Math.max(0, Math.floor((view.y - room.height / view.scale / 2) / part));
    const wide = Math.max(1, Math.min(Math.ceil(room.width / view.scale / part) + 2, whole.width - left));
    const high = Math.max(1, Math.min(Math.ceil(room.height / view.scale / part) + 2, whole.height - top));
    if (wide * high > facts.most_samples) return false;
    const wanted = `?level=${level}&region=${left},${top},${wide},${high}&v=${facts.version}`;
    this.asked = wanted;
    const [mask, ...grids] = await Promise.all([
      this.mask ? fetchGrid(urls.labels + wanted, level) : null,
      ...facts.planes.map((each) => fetchGrid(`${urls.planes}/${each.number}${wanted}`, level)),
    ]);
    if (wanted !== this.asked) return false;
    this.planes.forEach((plane, number) => (plane.detail = { .../** @type {any} */ (grids[number]), left, top }));
    if (this.mask && mask) this.mask.detail = { ...mask, left, top };
    return true;
  }
}
