// @ts-check
/**
 * Planes of an image as the browser keeps them: fetched once, halved as often as drawing needs it.
 * @typedef {Uint8Array | Uint16Array | Uint32Array | Float32Array} Samples
 * @typedef {{width: number, height: number, data: Samples, level: number}} Grid
 * @typedef {{number: number, file: string, channel: number, name: string, width: number, height: number, dtype: string}} PlaneFacts
 * @typedef {{width: number, height: number, dtype: string, highest: number}} MaskFacts
 * @typedef {{job_id: string, version: string, planes: PlaneFacts[], pixel_size_um: number | null, levels: number, most_samples: number, mask: MaskFacts | null, mask_trouble: string}} Facts
 * @typedef {{left: number, top: number, width: number, height: number}} Box
 */

const KINDS = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, float32: Float32Array };
const SMALLEST = 256;

/** What the gateway says when it can't show something, in words for people. */
export class Trouble extends Error {
  /** @param {{cause?: string, next_step?: string}} problem */
  constructor(problem) {
    super(problem.cause ?? "");
    this.next = problem.next_step ?? "";
  }
}

/** @param {string} url @returns {Promise<Response>} */
export async function ask(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json, application/octet-stream" } });
  if (!answer.ok) throw new Trouble(await answer.json().catch(() => ({})));
  return answer;
}

/** @param {string} url @param {number} level @returns {Promise<Grid>} */
export async function fetchGrid(url, level) {
  const answer = await ask(url);
  const [width, height] = (answer.headers.get("X-Plane-Size") ?? "0x0").split("x").map(Number);
  const kind = KINDS[/** @type {keyof KINDS} */ (answer.headers.get("X-Plane-Type") ?? "uint8")];
  return { width, height, level, data: new kind(await answer.arrayBuffer()) };
}

/**
 * A halved grid: of intensities the mean of four, of labels one of them.
 * @param {Grid} grid @param {boolean} mean @returns {Grid}
 */
export function halved(grid, mean) {
  const width = grid.width >> 1;
  const height = grid.height >> 1;
  const from = grid.data;
  const data = /** @type {Samples} */ (new /** @type {any} */ (from.constructor)(width * height));
  const rounding = from instanceof Float32Array ? 0 : 2;
  for (let y = 0, to = 0; y < height; y++) {
    let at = 2 * y * grid.width;
    for (let x = 0; x < width; x++, to++, at += 2) {
      data[to] = mean ? (from[at] + from[at + 1] + from[at + grid.width] + from[at + grid.width + 1] + rounding) / 4 : from[at + grid.width + 1];
    }
  }
  return { width, height, data, level: grid.level + 1 };
}

/** One plane, or the mask, at every level from the one that was fetched. */
export class Plane {
  /** @param {Grid} grid @param {boolean} mean */
  constructor(grid, mean) {
    this.mean = mean;
    this.base = grid;
    this.levels = [grid];
    /**
     * A finer part of it, where it is looked at closely.
     * @type {(Grid & {left: number, top: number}) | null}
     */
    this.detail = null;
    this.low = 0;
    this.high = 255;
    if (mean) this.measure();
  }

  /** @param {number} level @returns {Grid} */
  at(level) {
    while (this.levels.length <= level - this.base.level) {
      const last = this.levels[this.levels.length - 1];
      if (Math.min(last.width, last.height) < SMALLEST) break;
      this.levels.push(halved(last, this.mean));
    }
    return this.levels[Math.max(0, Math.min(level - this.base.level, this.levels.length - 1))];
  }

  /**
   * The sample at a pixel of the whole image, and the level that it is of; undefined outside.
   * @param {number} x
   * @param {number} y
   */
  sample(x, y) {
    const whole = { ...this.base, left: 0, top: 0 };
    for (const { left, top, level, width, height, data } of this.detail ? [this.detail, whole] : [whole]) {
      const [px, py] = [(x >> level) - left, (y >> level) - top];
      if (px >= 0 && py >= 0 && px < width && py < height) return { value: data[py * width + px], level };
    }
    return undefined;
  }

  measure() {
    let low = Infinity;
    let high = -Infinity;
    for (const value of this.base.data) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    this.low = low;
    this.high = high > low ? high : low + 1;
  }

  /**
   * The window that shows all but the darkest and brightest few of the samples.
   * @param {number} darkest @param {number} brightest
   */
  window(darkest = 0.002, brightest = 0.998) {
    const bins = new Uint32Array(4096);
    const data = this.base.data;
    const scale = (bins.length - 1) / (this.high - this.low);
    const step = Math.max(1, data.length >> 20);
    let counted = 0;
    for (let at = 0; at < data.length; at += step, counted++) bins[((data[at] - this.low) * scale) | 0]++;
    const [from, to] = [darkest, brightest].map((share) => {
      let seen = 0;
      return bins.findIndex((count) => (seen += count) >= share * counted) / scale + this.low;
    });
    return data instanceof Float32Array ? [from, Math.max(to, from + 1e-9)] : [Math.round(from), Math.max(Math.round(to), Math.round(from) + 1)];
  }
}
