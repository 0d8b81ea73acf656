// @ts-check
/**
 * The viewer's controls: a row for each channel, mask, comparison and zoom.
 * @typedef {import("./image-address.js").State} State
 * @typedef {import("./image-drawing.js").Look} Look
 * @typedef {import("./image-samples.js").Plane} Plane
 * @typedef {import("./image-samples.js").Facts} Facts
 */

const COLOURS = ["#4da3ff", "#5fd35f", "#ff5f5f", "#ffd84d", "#ff6fe0", "#5fe6e6", "#ffa24d", "#ffffff"];
const DYES = [
  [/^red$/i, "#ff0000"],
  [/^green$/i, "#00ff00"],
  [/^blue$/i, "#0000ff"],
  [/dapi|hoechst|405/i, "#4da3ff"],
  [/gfp|fitc|488/i, "#5fd35f"],
  [/rfp|tritc|cy3|mcherry|texas|561|568/i, "#ff5f5f"],
  [/cy5|647|640/i, "#ff6fe0"],
  [/phase|dic|bright/i, "#ffffff"],
];
const NARROWER = 0.85;

export class Controls {
  /** @param {any} viewer @param {State} state @param {Facts} facts @param {Plane[]} planes @param {(channel: number) => void} changed */
  constructor(viewer, state, facts, planes, changed) {
    this.viewer = viewer;
    this.state = state;
    this.facts = facts;
    this.planes = planes;
    this.changed = changed;
    this.looks = planes.map((plane, channel) => state.looks.get(channel) ?? this.usual(channel, plane));
    /** @type {HTMLElement[]} */
    this.rows = planes.map((_, channel) => this.row(channel));
    viewer.one(".tools").hidden = false;
    this.listen();
  }

  /** @param {number} channel @returns {Look} */
  look(channel) {
    return this.looks[channel];
  }

  /** @param {number} channel */
  name(channel) {
    const { name, file } = this.facts.planes[channel];
    const own = this.facts.planes.some((each) => each.file !== file) ? file.split("/").pop() : "";
    return name || own || (this.viewer.dataset.wordChannel ?? "").replace("{number}", String(channel + 1));
  }

  /**
   * The samples under the pointer in words; of halved planes it is said that they are means.
   * @param {({value: number, level: number} | undefined)[]} samples
   */
  values(samples) {
    const level = samples[0]?.level ?? 0;
    const named = samples.map((each, channel) => each && `${this.name(channel)} ${Number(each.value.toPrecision(7))}`);
    return [...named, level ? this.viewer.dataset.wordHalved?.replaceAll("{part}", String(2 ** level)) : ""];
  }

  /** @param {number} channel @param {Plane} plane @returns {Look} */
  usual(channel, plane) {
    const [low, high] = plane.window();
    const named = DYES.find(([pattern]) => /** @type {RegExp} */ (pattern).test(this.facts.planes[channel].name));
    const colour = this.facts.planes.length === 1 ? "#ffffff" : String(named?.[1] ?? COLOURS[channel % COLOURS.length]);
    return { on: channel < 8, colour, low, high, gamma: 1 };
  }

  /** @param {number} channel */
  row(channel) {
    const template = this.viewer.one("template.channel");
    const row = /** @type {HTMLElement} */ (template.content.firstElementChild.cloneNode(true));
    const plane = this.planes[channel];
    const part = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (row.querySelector(name));
    part(".name").textContent = this.name(channel);
    const whole = !(plane.base.data instanceof Float32Array);
    for (const name of [".low", ".high"]) {
      part(name).min = String(plane.low);
      part(name).max = String(plane.high);
      part(name).step = whole ? "1" : String((plane.high - plane.low) / 1000);
    }
    row.addEventListener("input", (event) => this.set(channel, /** @type {HTMLInputElement} */ (event.target)));
    part("button.auto").addEventListener("click", () => {
      const [low, high] = plane.window();
      this.put(channel, { low, high, gamma: 1 });
    });
    this.viewer.one(".channels").append(row);
    this.fill(row, this.looks[channel]);
    return row;
  }

  /** @param {HTMLElement} row @param {Look} look */
  fill(row, look) {
    const part = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (row.querySelector(name));
    part(".on").checked = look.on;
    part(".colour").value = look.colour;
    part(".low").value = String(look.low);
    part(".high").value = String(look.high);
    part(".gamma").value = String(look.gamma);
    part(".window").textContent = `${Number(look.low.toPrecision(5))} – ${Number(look.high.toPrecision(5))}, γ ${look.gamma}`;
  }

  /** @param {number} channel @param {HTMLInputElement} input */
  set(channel, input) {
    const look = this.looks[channel];
    const value = Number(input.value);
    if (input.classList.contains("on")) return this.put(channel, { on: input.checked });
    if (input.classList.contains("colour")) return this.put(channel, { colour: input.value });
    if (input.classList.contains("gamma")) return this.put(channel, { gamma: value });
    const least = Number(input.step) || 1;
    if (input.classList.contains("low")) return this.put(channel, { low: value, high: Math.max(look.high, value + least) });
    return this.put(channel, { high: value, low: Math.min(look.low, value - least) });
  }

  /** @param {number} channel @param {Partial<Look>} part */
  put(channel, part) {
    this.looks[channel] = { ...this.looks[channel], ...part };
    this.state.looks.set(channel, this.looks[channel]);
    this.fill(this.rows[channel], this.looks[channel]);
    this.changed(channel);
  }

  listen() {
    const { viewer, state } = this;
    const bind = (/** @type {string} */ selector, /** @type {"mask" | "opacity" | "compare" | "swipe"} */ name) => {
      const input = viewer.one(selector);
      input.value = String(state[name]);
      input.addEventListener("input", () => {
        /** @type {any} */ (state)[name] = typeof state[name] === "number" ? Number(input.value) : input.value;
        this.arrange();
        this.changed(-1);
      });
    };
    bind(".maskmode", "mask");
    bind(".opacity", "opacity");
    bind(".compare", "compare");
    bind(".swipe", "swipe");
    this.arrange();
    const press = (/** @type {string} */ selector, /** @type {() => void} */ act) => viewer.one(selector).addEventListener("click", act);
    press(".zoomin", () => viewer.stage.zoom(1.5));
    press(".zoomout", () => viewer.stage.zoom(1 / 1.5));
    press(".fit", () => viewer.stage.fit());
    press(".exact", () => viewer.stage.go({ scale: 1 }));
    press(".link", () => this.copy());
  }

  arrange() {
    this.viewer.one(".swipelabel").hidden = this.state.compare !== "swipe";
  }

  async copy() {
    const button = this.viewer.one(".link");
    await navigator.clipboard?.writeText(location.href);
    const before = button.textContent;
    button.textContent = this.viewer.dataset.wordCopied ?? before;
    setTimeout(() => (button.textContent = before), 2_000);
  }

  /** @param {number} scale screen pixels (CSS) of an image pixel */
  tell(scale) {
    this.viewer.one("output.zoom").textContent = `${Math.round(scale * 100)} %`;
  }

  /** @param {string} key */
  key(key) {
    if (/^[1-9]$/.test(key) && Number(key) <= this.looks.length) {
      this.put(Number(key) - 1, { on: !this.looks[Number(key) - 1].on });
      return true;
    }
    if (key === "[" || key === "]") return this.widen(key === "[" ? NARROWER : 1 / NARROWER);
    if (key.toLowerCase() !== "m") return false;
    const select = this.viewer.one(".maskmode");
    select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
    select.dispatchEvent(new Event("input"));
    return true;
  }

  /**
   * All channels that are on, brighter or darker.
   * @param {number} factor
   */
  widen(factor) {
    this.looks.forEach((look, channel) => {
      const high = look.low + (look.high - look.low) * factor;
      const whole = !(this.planes[channel].base.data instanceof Float32Array);
      if (look.on) this.put(channel, { high: whole ? Math.max(look.low + 1, Math.round(high)) : high });
    });
    return true;
  }
}
