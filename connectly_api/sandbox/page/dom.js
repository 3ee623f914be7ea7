// Builds and updates elements. Text only ever becomes text nodes, so nothing that a bot or customer writes is markup.

/** @typedef {Node | string | number | false | null | undefined} Child */

/**
 * Build an element. Functions become listeners (`onclick`), `true` an empty attribute; false and null are left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown> | null} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/**
 * Replace the children of an element.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

/** @param {Element} element @param {(Child | Child[])[]} children */
function append(element, children) {
  for (const child of children.flat()) {
    if (child !== false && child != null) element.append(child instanceof Node ? child : String(child));
  }
}

/** @param {string} id @returns {HTMLElement} */
export function find(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/** @type {WeakMap<Element, Map<string | number, Element>>} */
const rows = new WeakMap();

/**
 * Make the children of `parent` those of `items`, in order; an item keeps its element as long as it keeps its key.
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string | number} getKey
 * @param {(item: T) => Element} create
 * @param {(element: Element, item: T) => void} [update] Called for elements that were there already.
 */
export function reconcile(parent, items, getKey, create, update) {
  const old = rows.get(parent) ?? new Map();
  const fresh = new Map(items.map((item) => [getKey(item), item]));
  for (const [key, element] of old) if (!fresh.has(key)) element.remove();
  const kept = new Map();
  let place = parent.firstChild;
  for (const [key, item] of fresh) {
    let element = old.get(key);
    if (element) update?.(element, item);
    else element = create(item);
    kept.set(key, element);
    if (element === place) place = element.nextSibling;
    else parent.insertBefore(element, place);
  }
  rows.set(parent, kept);
}

/** @param {unknown} value Anything that JSON has. @returns {string} */
export const toText = (value) =>
  value == null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);

// Characters that change or hide the text around them. Joiners stay, as emoji and some scripts need them, and so do
// the tags of flags.
const INVISIBLE =
  /\u{1F3F4}[\u{E0020}-\u{E007E}]+\u{E007F}|(?![\n\t])\p{Cc}|[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/**
 * Return the text with its direction marks, controls and invisible characters written out, so that they have no effect.
 * @param {unknown} text
 */
export function showText(text) {
  return toText(text).replace(INVISIBLE, (found) => {
    const code = found.codePointAt(0) ?? 0;
    return code === 0x1f3f4 ? found : `‹U+${code.toString(16).toUpperCase().padStart(4, "0")}›`;
  });
}

/** @param {Intl.DateTimeFormatOptions} options @returns {(seconds: number) => string} */
function formatWith(options) {
  const format = new Intl.DateTimeFormat("en-GB", options);
  return (seconds) => format.format(seconds * 1000);
}

export const formatTime = formatWith({ hour: "2-digit", minute: "2-digit" });
export const formatMoment = formatWith({ weekday: "short", hour: "2-digit", minute: "2-digit" });
export const formatSeconds = formatWith({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const formatDay = formatWith({ weekday: "short", day: "numeric", month: "short", year: "numeric" });

/** @param {number} seconds @returns {string} "24 h", "3 d 4 h", "5 min", "20 s". */
export function formatSpan(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  const [big, small, units] =
    minutes < 60
      ? [minutes, s % 60, ["min", "s"]]
      : minutes < 48 * 60
        ? [Math.floor(minutes / 60), minutes % 60, ["h", "min"]]
        : [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, ["d", "h"]];
  return small ? `${big} ${units[0]} ${small} ${units[1]}` : `${big} ${units[0]}`;
}
