// @ts-check
/**
 * The state of the viewer in the page's address: `?c0=on,4da3ff,120,3000,1&mask=fill&zoom=2&x=100&y=80`.
 * @typedef {import("./image-drawing.js").Look} Look
 * @typedef {{looks: Map<number, Look>, mask: string, opacity: number, compare: string, swipe: number, zoom: number, x: number, y: number}} State
 */

const MASKS = ["outline", "fill", "off"];
const OWN = /^(c\d{1,2}|mask|opacity|compare|swipe|zoom|x|y)$/;
const COMPARES = ["over", "side", "swipe"];

/** @param {URLSearchParams} query @param {string} name @param {number} usual @param {number} least @param {number} most */
function number(query, name, usual, least, most) {
  const value = Number.parseFloat(query.get(name) ?? "");
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : usual;
}

/** @param {string} text @returns {Look | null} */
function look(text) {
  const [on, colour, ...numbers] = text.split(",");
  const [low, high, gamma] = numbers.map(Number);
  const whole = /^[0-9a-f]{6}$/i.test(colour ?? "") && [low, high, gamma].every(Number.isFinite) && high > low && gamma > 0;
  return whole ? { on: on === "on", colour: `#${colour.toLowerCase()}`, low, high, gamma: Math.min(3, Math.max(0.2, gamma)) } : null;
}

/** @param {string} search @returns {State} */
export function read(search) {
  const query = new URLSearchParams(search);
  const looks = new Map();
  for (const [name, text] of query) {
    const found = /^c(\d{1,2})$/.exec(name) && look(text);
    if (found) looks.set(Number(name.slice(1)), found);
  }
  const mask = query.get("mask") ?? "";
  const compare = query.get("compare") ?? "";
  return {
    looks,
    mask: MASKS.includes(mask) ? mask : "outline",
    opacity: number(query, "opacity", 80, 10, 100),
    compare: COMPARES.includes(compare) ? compare : "over",
    swipe: number(query, "swipe", 50, 0, 100),
    zoom: number(query, "zoom", 0, 0, 64),
    x: number(query, "x", Number.NaN, -1e6, 1e6),
    y: number(query, "y", Number.NaN, -1e6, 1e6),
  };
}

/**
 * Write it, other parameters stay.
 * @param {State} state
 */
export function write(state) {
  const query = new URLSearchParams(location.search);
  for (const name of [...query.keys()]) if (OWN.test(name)) query.delete(name);
  for (const [channel, each] of state.looks) {
    query.set(`c${channel}`, [each.on ? "on" : "off", each.colour.slice(1), short(each.low), short(each.high), short(each.gamma)].join(","));
  }
  const usual = { mask: "outline", opacity: "80", compare: "over", swipe: "50", zoom: "0" };
  const values = { mask: state.mask, opacity: short(state.opacity), compare: state.compare, swipe: short(state.swipe), zoom: short(state.zoom) };
  for (const [name, value] of Object.entries(values)) {
    if (value !== usual[/** @type {keyof usual} */ (name)]) query.set(name, value);
  }
  for (const name of /** @type {const} */ (["x", "y"])) {
    if (state.zoom && Number.isFinite(state[name])) query.set(name, short(state[name]));
  }
  const text = query.toString().replaceAll("%2C", ",");
  history.replaceState(history.state, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
}

/** Acts once a while after the last change; at once before a click leads on and when the page is left. */
export class Settling {
  #waiting = 0;

  /** @param {() => void} act @param {number} rest milliseconds */
  constructor(act, rest) {
    this.act = act;
    this.rest = rest;
    window.addEventListener("pagehide", () => this.now());
    for (const kind of ["click", "auxclick"]) document.addEventListener(kind, () => this.now(), { capture: true });
  }

  later() {
    clearTimeout(this.#waiting);
    this.#waiting = window.setTimeout(() => this.now(), this.rest);
  }

  now() {
    if (!this.#waiting) return;
    clearTimeout(this.#waiting);
    this.#waiting = 0;
    this.act();
  }
}

/** @param {number} value */
const short = (value) => String(Number(value.toPrecision(6)));

/**
 * The same look of another image: contrast and mask go with it, the place does not.
 * @param {string} href
 */
export function onward(href) {
  const target = new URL(href, location.href);
  const query = new URLSearchParams(location.search);
  for (const name of ["x", "y", "rows", "zoom"]) query.delete(name);
  const text = query.toString().replaceAll("%2C", ",");
  return `${target.pathname}${text ? `?${text}` : ""}#viewer`;
}
