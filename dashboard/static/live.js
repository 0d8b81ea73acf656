// @ts-check
/**
 * One stream of changes for all tabs of a browser: one tab listens to the server and tells the others.
 * Elements of a page hear it as events on `document` (types/live.d.ts).
 * @typedef {"change" | "resync" | "beat" | "lost"} Kind
 * @typedef {{kind: Kind, id: string, data: string, to?: string}} Told
 * @typedef {{hello: string, since: string}} Hello
 */

const KEPT = 20;
const SILENT_MS = 10_000;
const REOPEN_MS = 3_000;
const HIDDEN_MS = 30_000;

const script = /** @type {HTMLScriptElement} */ (document.querySelector("script[data-events]"));
const name = `labrelay-live-${document.documentElement.lang}`;
const me = String(Math.random());
const channel = new BroadcastChannel(name);

/** The mark of the newest message that this page knows. */
let since = script.dataset.since ?? "";
let heardAt = Date.now();
/**
 * While this tab leads.
 * @type {EventSource | null}
 */
let source = null;
/**
 * The last messages, for tabs that come later.
 * @type {Told[]}
 */
let recent = [];
/** @type {{fresh: boolean, age_ms: number}} */
let freshness = { fresh: false, age_ms: 0 };
let freshnessAt = Date.now();

/** @template {keyof DocumentEventMap} Name @param {Name} type @param {any} detail */
function dispatch(type, detail) {
  document.dispatchEvent(new CustomEvent(type, { detail }));
}

/** @param {{fresh: boolean, age_ms: number}} now */
function heard(now) {
  freshness = now;
  freshnessAt = Date.now();
  dispatch("labrelay:heard", now);
}

/**
 * Say a message on this page.
 * @param {Told} told
 */
function tell(told) {
  heardAt = Date.now();
  if (told.id) since = told.id;
  if (told.kind === "lost") return dispatch("labrelay:lost", null);
  const detail = JSON.parse(told.data);
  if (told.kind === "beat") return heard(detail);
  if (told.kind === "change") heard({ fresh: true, age_ms: 0 });
  dispatch(told.kind === "change" ? "labrelay:change" : "labrelay:resync", detail);
}

/**
 * A message from the server: for this page, and for the other tabs.
 * @param {Told} told
 */
function spread(told) {
  if (told.kind === "change" || told.kind === "resync") recent = [...recent, told].slice(-KEPT);
  channel.postMessage(told);
  tell(told);
}

/** Listen to the server, from now until another tab takes over. */
function lead() {
  if (source) return;
  const stream = new EventSource(`${script.dataset.events}?since=${encodeURIComponent(since)}`);
  source = stream;
  for (const kind of /** @type {Kind[]} */ (["change", "resync", "beat"])) {
    stream.addEventListener(kind, (event) => {
      const message = /** @type {MessageEvent<string>} */ (event);
      if (source === stream) spread({ kind, id: message.lastEventId, data: message.data });
    });
  }
  stream.addEventListener("error", () => {
    if (source !== stream) return;
    spread({ kind: "lost", id: "", data: "" });
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => source === stream && reopen(), REOPEN_MS);
  });
}

function rest() {
  source?.close();
  source = null;
}

function reopen() {
  rest();
  lead();
}

/**
 * Lead as soon as no other tab does; a tab that leads and says nothing is relieved.
 * @param {boolean} steal
 */
async function queue(steal) {
  try {
    await navigator.locks.request(name, { steal }, () => {
      lead();
      return new Promise(() => {});
    });
  } catch {
    rest();
    setTimeout(() => void queue(false), REOPEN_MS);
  }
}

/**
 * What a tab gets that has just come: what it missed since its page was drawn.
 * @param {Hello} asked
 */
function welcome(asked) {
  const { fresh, age_ms } = freshness;
  const place = recent.findIndex((told) => told.id === asked.since);
  const missed = place >= 0 ? recent.slice(place + 1) : [];
  if (place < 0 && asked.since !== since) missed.push({ kind: "resync", id: since, data: '{"spread_ms":0,"every_ms":2000}' });
  const data = JSON.stringify({ fresh, age_ms: age_ms + Date.now() - freshnessAt });
  for (const told of [...missed, { kind: "beat", id: since, data }]) channel.postMessage({ ...told, to: asked.hello });
}

channel.addEventListener("message", (event) => {
  const told = /** @type {Told | Hello} */ (event.data);
  if ("hello" in told) return source ? welcome(told) : undefined;
  if (!source && (told.to ?? me) === me) tell(told);
});

/** Without locks (an address that is no secure context) each tab has a stream of its own, while it is seen. */
function alone() {
  lead();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let leaving;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(leaving);
    if (document.hidden) leaving = setTimeout(rest, HIDDEN_MS);
    else lead();
  });
}

/** A tab that hears nothing from the one that leads takes its place: that one may be frozen. */
function watch() {
  if (source || document.hidden || Date.now() - heardAt < SILENT_MS) return;
  heardAt = Date.now();
  void queue(true);
}

if ("locks" in navigator) {
  void queue(false);
  channel.postMessage(/** @type {Hello} */ ({ hello: me, since }));
  setInterval(watch, 1_000);
} else alone();
addEventListener("pageshow", (event) => event.persisted && dispatch("labrelay:resync", { spread_ms: 0, every_ms: 2_000 }));
