// The log: what happened, in sentences. It follows the newest entry unless scrolled, and draws only the rows in sight.

import { loadOlder } from "./connection.js";
import { mountDetail } from "./detail.js";
import { fill, find, formatSeconds, h, reconcile } from "./dom.js";
import { describeEntry, join } from "./words.js";

/** @typedef {import("./main.js").App} App */
/** @typedef {import("./model.js").Entry} Entry */

const ROW_REM = 2.125; // The height of a row, as in inspector.css.
const MARGIN_ROWS = 8;

/** @param {App} app */
export function mountInspector(app) {
  const filter = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter the log", oninput: draw });
  const problems = h("button", { type: "button", "aria-pressed": "false", onclick: toggle }, "Problems");
  const rows = h("div", { role: "presentation" });
  const space = h("div", { role: "presentation" }, rows);
  const list = h("div", { id: "log", role: "listbox", tabindex: "0", "aria-label": "Log, newest last" }, space);
  const nothing = h("p", { class: "nothing" });
  const newest = h("button", { type: "button", class: "pill newest", onclick: follow }, "Newest ↓");
  const log = h("div", { class: "log" }, list, nothing, newest);
  const head = h("header", null, h("h2", null, "Log"), h("div", { class: "log-tools" }, problems, filter));
  const detail = mountDetail(app);
  const select = createSelection(app);
  find("inspector").append(head, log, detail.element);

  /** @type {Entry[]} */
  let shown = [];
  /** @type {number | null} The entry that the keys have reached. */
  let active = null;
  /** @type {number | null} */
  let opened = null;
  /** @type {Element | null} */
  let opener = null;
  let isFollowing = true;
  let isLoading = false;
  // In pixels. Kept, as to ask for them lays out the page.
  let rowHeight = 1;
  let listHeight = 0;
  let drawnTop = 0;

  new ResizeObserver(() => {
    rowHeight = ROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    listHeight = log.clientHeight; // The list may be hidden.
    draw();
  }).observe(log);
  list.addEventListener("scroll", () => {
    const top = list.scrollTop;
    if (Math.abs(top - drawnTop) < 1) return;
    // As it is now: that it was resized or shown is observed only later.
    isFollowing = list.scrollHeight - list.clientHeight - top < rowHeight;
    drawRows(top);
    if (top < listHeight && !isFollowing) loadMore();
  });
  list.addEventListener("keydown", move);
  list.addEventListener("focus", () => {
    active ??= shown.at(-1)?.entry ?? null;
    drawRows(list.scrollTop);
  });
  list.addEventListener("click", ({ target }) => {
    const row = target instanceof Element ? target.closest("[data-entry]") : null;
    if (row) open(Number(row.getAttribute("data-entry")));
  });
  detail.element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // Elsewhere it leads to the conversation.
    app.select({ detail: null });
  });

  function draw() {
    const number = app.view.detail;
    const hasFocus = detail.element.contains(document.activeElement);
    head.hidden = log.hidden = number !== null;
    detail.element.hidden = number === null;
    if (number === null) drawLog();
    else detail.draw(number);
    if (number === opened) return;
    if (number === null) {
      list.scrollTop = drawnTop; // Some browsers forget it of what is hidden.
      if (hasFocus) (opener?.checkVisibility() ? /** @type {HTMLElement} */ (opener) : list).focus();
    } else {
      if (opened === null) opener = document.activeElement;
      detail.heading.focus();
    }
    opened = number;
  }

  const getEnd = () => Math.max(0, shown.length * rowHeight - listHeight);

  function drawLog() {
    shown = select(filter.value, problems.getAttribute("aria-pressed") === "true");
    space.style.height = `${shown.length * rowHeight}px`;
    list.hidden = shown.length === 0;
    nothing.hidden = !list.hidden || app.model.run === "";
    fill(nothing, app.model.log.length ? "Nothing fits the filter." : "Nothing has happened yet.");
    drawRows(isFollowing ? getEnd() : drawnTop);
    if (isFollowing) list.scrollTop = getEnd();
  }

  /** @param {number} top */
  function drawRows(top) {
    drawnTop = top;
    const first = Math.max(0, Math.floor(top / rowHeight) - MARGIN_ROWS);
    const near = shown.slice(first, Math.ceil((top + listHeight) / rowHeight) + MARGIN_ROWS);
    rows.style.transform = `translateY(${first * rowHeight}px)`;
    reconcile(rows, near, (entry) => entry.entry, buildRow, updateRow);
    Array.from(rows.children).forEach((row, index) => {
      row.setAttribute("aria-posinset", String(first + index + 1));
      row.setAttribute("aria-setsize", String(shown.length));
    });
    const isNear = near.some((entry) => entry.entry === active);
    list.setAttribute("aria-activedescendant", isNear ? `log-${active}` : "");
    newest.hidden = isFollowing;
  }

  /** @param {Entry} entry */
  function buildRow({ entry, at }) {
    const row = h(
      "div",
      { id: `log-${entry}`, role: "option", "data-entry": entry },
      h("time", null, formatSeconds(at)),
    );
    row.append(
      h("span", { class: "sign", "aria-hidden": "true" }),
      h("span", { class: "words" }),
      h("span", { class: "result" }),
    );
    updateRow(row, app.model.entries.get(entry));
    return row;
  }

  /** @param {Element} row @param {Entry | undefined} entry */
  function updateRow(row, entry) {
    if (!entry) return;
    row.setAttribute("aria-selected", String(entry.entry === active));
    const { sign, main, quoted, more, tone, result } = describeEntry(app.model, entry);
    const title = join(main, quoted, more, result);
    if (row.getAttribute("title") === title) return;
    row.setAttribute("title", title);
    row.className = `log-row ${tone}`;
    const [, ...parts] = row.children;
    const rest = join(quoted, more);
    [sign, [main, rest && h("small", null, ` ${rest}`)], result].forEach((content, index) => {
      const part = parts[index];
      if (part) fill(part, content);
    });
  }

  /** Load what happened before, and keep the rows in sight where they are. */
  async function loadMore() {
    const [first] = app.model.log;
    if (isLoading || !first || first.entry <= app.model.firstEntry) return;
    isLoading = true;
    const top = shown[0];
    await loadOlder(app);
    drawLog();
    if (top) list.scrollTop += Math.max(0, shown.indexOf(top)) * rowHeight;
    isLoading = false;
  }

  /** @param {KeyboardEvent} event */
  function move(event) {
    const page = Math.floor(listHeight / rowHeight) - 1;
    /** @type {Record<string, number | undefined>} */
    const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -shown.length, End: shown.length };
    const step = steps[event.key];
    if (event.key === "Enter" && active !== null) open(active);
    if (event.altKey || step === undefined || !shown.length) return;
    event.preventDefault();
    const from = shown.findIndex((entry) => entry.entry === active);
    const index = Math.min(Math.max(0, (from < 0 ? shown.length : from) + step), shown.length - 1);
    active = shown[index]?.entry ?? null;
    const row = index * rowHeight;
    list.scrollTop = Math.max(row + rowHeight - listHeight, Math.min(list.scrollTop, row));
    drawRows(list.scrollTop);
  }

  /** @param {number} entry */
  function open(entry) {
    active = entry;
    app.select({ detail: entry });
  }

  function follow() {
    isFollowing = true;
    draw();
    list.focus();
  }

  function toggle() {
    problems.setAttribute("aria-pressed", String(problems.getAttribute("aria-pressed") !== "true"));
    draw();
  }

  return draw;
}

/**
 * Build the function that returns the entries that fit a filter. It looks at each entry once, unless the filter or the
 * beginning of the log changes.
 * @param {App} app
 */
function createSelection(app) {
  let key = "";
  let seen = 0;
  /** @type {Entry[]} */
  let fitting = [];
  return (/** @type {string} */ filter, /** @type {boolean} */ onlyProblems) => {
    const { log, run } = app.model;
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length && !onlyProblems) return log;
    const wanted = [run, log[0]?.entry, onlyProblems, ...words].join(" ");
    if (wanted !== key || log.length < seen) {
      key = wanted;
      seen = 0;
      fitting = [];
    }
    for (const entry of log.slice(seen)) {
      const { main, quoted, more, tone, result } = describeEntry(app.model, entry);
      const text = `${main} ${quoted} ${more} ${result}`.toLowerCase();
      const isProblem = tone === "bad" || tone === "warn";
      if ((isProblem || !onlyProblems) && words.every((word) => text.includes(word))) fitting.push(entry);
    }
    seen = log.length;
    return fitting;
  };
}
