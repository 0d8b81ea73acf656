// @ts-check
/**
 * Draws what is seen of an image: intensities through lookup tables, objects as outlines or filled.
 * @typedef {import("./image-samples.js").Plane} Plane
 * @typedef {import("./image-samples.js").Grid} Grid
 * @typedef {{scale: number, x: number, y: number}} View  scale: screen pixels of one image pixel; x, y: the image's point in the middle
 * @typedef {{on: boolean, colour: string, low: number, high: number, gamma: number}} Look
 * @typedef {{grid: Grid, left: number, top: number, x0: number, y0: number, x1: number, y1: number}} Part
 */

const FIELD = 10;
const CUT = 1 << 16;
const STEPS = 1024;
const OBJECT = [255, 176, 0];
const OUT = [255, 84, 84];
const POINTED = [255, 255, 255];

/**
 * A lookup table whose entries hold red, green and blue in ten bits each, so that four channels can be added.
 * @param {Look} look @param {Plane} plane
 */
export function tableOf(look, plane) {
  const floats = plane.base.data instanceof Float32Array;
  const size = floats ? CUT : plane.base.data instanceof Uint8Array ? 256 : CUT;
  const scale = floats ? (plane.high - plane.low) / (CUT - 1) : 1;
  const offset = floats ? plane.low : 0;
  const number = Number.parseInt(look.colour.slice(1), 16);
  const curve = new Uint32Array(STEPS + 1);
  for (let step = 0; step <= STEPS; step++) {
    const light = look.gamma === 1 ? step / STEPS : (step / STEPS) ** look.gamma;
    const [red, green, blue] = [number >> 16, (number >> 8) & 255, number & 255].map((part) => Math.round(part * light));
    curve[step] = red | (green << FIELD) | (blue << (2 * FIELD));
  }
  const table = new Uint32Array(size);
  const span = look.high - look.low || 1;
  for (let at = 0; at < size; at++) {
    const share = (offset + at * scale - look.low) / span;
    table[at] = curve[share <= 0 ? 0 : share >= 1 ? STEPS : Math.round(share * STEPS)];
  }
  return table;
}

/**
 * The samples as numbers of a table.
 * @param {Plane} plane @param {Grid} grid
 */
function places(plane, grid) {
  const data = grid.data;
  if (!(data instanceof Float32Array)) return data;
  const held = /** @type {any} */ (grid);
  if (!held.places) {
    const scale = (CUT - 1) / (plane.high - plane.low);
    held.places = Uint16Array.from(data, (value) => Math.max(0, Math.min(CUT - 1, (value - plane.low) * scale)));
  }
  return /** @type {Uint16Array} */ (held.places);
}

/**
 * What of a plane is seen, at the level whose pixels are nearest to the screen's.
 * @param {Plane} plane @param {View} view @param {number} width @param {number} height @returns {Part}
 */
export function seen(plane, view, width, height) {
  const wanted = Math.max(0, Math.round(Math.log2(1 / view.scale)));
  const finer = plane.detail && plane.detail.level < plane.base.level && wanted < plane.base.level ? plane.detail : null;
  const grid = finer ?? plane.at(wanted);
  const [left, top] = finer ? [finer.left, finer.top] : [0, 0];
  const size = view.scale * 2 ** grid.level;
  const [cx, cy] = [view.x / 2 ** grid.level - left, view.y / 2 ** grid.level - top];
  return {
    grid,
    left,
    top,
    x0: Math.max(0, Math.floor(cx - width / 2 / size)),
    y0: Math.max(0, Math.floor(cy - height / 2 / size)),
    x1: Math.min(grid.width, Math.ceil(cx + width / 2 / size) + 1),
    y1: Math.min(grid.height, Math.ceil(cy + height / 2 / size) + 1),
  };
}

/** Draws parts of an image onto a canvas. */
export class Painter {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.scratch = document.createElement("canvas");
    this.pen = /** @type {CanvasRenderingContext2D} */ (this.scratch.getContext("2d", { willReadFrequently: true }));
    /** @type {ImageData | null} */
    this.image = null;
  }

  /** @param {number} width @param {number} height */
  room(width, height) {
    if (this.scratch.width !== width || this.scratch.height !== height || !this.image) {
      this.scratch.width = width;
      this.scratch.height = height;
      this.image = new ImageData(width, height);
    }
    return new Uint32Array(this.image.data.buffer);
  }

  /** @param {Plane[]} planes @param {Uint32Array[]} tables @param {View} view @param {number} width @param {number} height */
  intensities(planes, tables, view, width, height) {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!planes.length) return;
    const part = seen(planes[0], view, width, height);
    const [w, h] = [part.x1 - part.x0, part.y1 - part.y0];
    if (w <= 0 || h <= 0) return;
    const pixels = this.room(w, h);
    let drawn = 0;
    planes.forEach((plane, number) => {
      const own = seen(plane, view, width, height);
      // Planes of a set that differ in size can't lie over each other.
      if (own.grid.width !== part.grid.width || own.x0 !== part.x0 || own.y1 !== part.y1) return;
      if (drawn > 3 && (drawn - 1) % 3 === 0) settle(pixels);
      add(pixels, places(plane, own.grid), tables[number], part, drawn++ === 0);
    });
    finish(pixels);
    this.put(part, view, 0, width, height);
  }

  /** @param {Plane} mask @param {View} view @param {{fill: boolean, opacity: number, out: Set<number>, pointed: number, left: number, width: number, height: number}} how */
  objects(mask, view, how) {
    const part = seen(mask, view, how.width, how.height);
    const [w, h] = [part.x1 - part.x0, part.y1 - part.y0];
    if (w <= 0 || h <= 0) return;
    paint(this.room(w, h), part, how);
    this.put(part, view, how.left, how.width, how.height);
  }

  /** @param {Part} part @param {View} view @param {number} left @param {number} width @param {number} height */
  put(part, view, left, width, height) {
    this.pen.putImageData(/** @type {ImageData} */ (this.image), 0, 0);
    const size = view.scale * 2 ** part.grid.level;
    let x = left + width / 2 + (part.left + part.x0) * size - view.x * view.scale;
    let y = height / 2 + (part.top + part.y0) * size - view.y * view.scale;
    if (size >= 1) [x, y] = [Math.round(x), Math.round(y)];
    this.context.imageSmoothingEnabled = size < 1;
    this.context.drawImage(this.scratch, x, y, this.scratch.width * size, this.scratch.height * size);
  }
}

/** @param {Uint32Array} pixels @param {import("./image-samples.js").Samples} data @param {Uint32Array} table @param {Part} part @param {boolean} first */
function add(pixels, data, table, part, first) {
  const width = part.grid.width;
  for (let y = part.y0, to = 0; y < part.y1; y++) {
    const end = y * width + part.x1;
    if (first) for (let at = y * width + part.x0; at < end; at++) pixels[to++] = table[data[at]];
    else for (let at = y * width + part.x0; at < end; at++) pixels[to++] += table[data[at]];
  }
}

/**
 * What is brighter than white is white, so that three more channels can be added.
 * @param {Uint32Array} pixels
 */
function settle(pixels) {
  for (let at = 0; at < pixels.length; at++) {
    const sum = pixels[at];
    const [red, green, blue] = [sum & 1023, (sum >>> FIELD) & 1023, sum >>> (2 * FIELD)];
    pixels[at] = Math.min(red, 255) | (Math.min(green, 255) << FIELD) | (Math.min(blue, 255) << (2 * FIELD));
  }
}

/**
 * From three fields of ten bits to opaque red, green and blue.
 * @param {Uint32Array} pixels
 */
function finish(pixels) {
  for (let at = 0; at < pixels.length; at++) {
    const sum = pixels[at];
    const red = sum & 1023;
    const green = (sum >>> FIELD) & 1023;
    const blue = sum >>> (2 * FIELD);
    pixels[at] = 0xff000000 | ((blue > 255 ? 255 : blue) << 16) | ((green > 255 ? 255 : green) << 8) | (red > 255 ? 255 : red);
  }
}

/** @param {number[]} colour @param {number} alpha */
const packed = (colour, alpha) => ((Math.round(alpha * 255) << 24) | (colour[2] << 16) | (colour[1] << 8) | colour[0]) >>> 0;

/** @param {Uint32Array} pixels @param {Part} part @param {{fill: boolean, opacity: number, out: Set<number>, pointed: number}} how */
function paint(pixels, part, how) {
  const { data, width } = part.grid;
  const line = packed(OBJECT, how.opacity);
  const fill = how.fill ? packed(OBJECT, how.opacity * 0.45) : 0;
  const outLine = packed(OUT, 1);
  const stripe = packed(OUT, 0.55);
  const pointedLine = packed(POINTED, 1);
  for (let y = part.y0, to = 0; y < part.y1; y++) {
    for (let x = part.x0; x < part.x1; x++, to++) {
      const at = y * width + x;
      const label = data[at];
      if (!label) {
        pixels[to] = 0;
        continue;
      }
      const edge = data[at - 1] !== label || data[at + 1] !== label || data[at - width] !== label || data[at + width] !== label;
      if (how.out.has(label)) pixels[to] = edge ? outLine : (x + y) % 8 < 2 ? stripe : 0;
      else pixels[to] = edge ? (label === how.pointed ? pointedLine : line) : fill;
    }
  }
}
