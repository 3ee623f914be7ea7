// The log: what happened, in sentences. It follows the newest entry unless scrolled, and draws only the rows in sight.

import { loadOlder } from "./connection.js";
import { mountDetail } from "./detail.js";
import { fill, find, formatSeconds, h, reconcile } from "./dom.js";
import { describeEntry, join } from "./words.js";

/** @typedef {import("./model.js").Entry} Entry */

const ROW_REM = 2.125; // The height of a row, as in inspector.css.
const MARGIN_ROWS = 8;

/** @param {import("./main.js").App} app */
export function mountInspector(app) {
  const filter = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter the log", oninput: draw });
  const problems = h("button", { type: "button", "aria-pressed": "false", onclick: toggle }, "Problems");
  const rows = h("div", { class: "log-rows", role: "presentation" });
  const space = h("div", { class: "log-space", role: "presentation" }, rows);
  const list = h("div", { id: "log", role: "listbox", tabindex: "0", "aria-label": "Log, newest last" }, space);
  const nothing = h("p", { class: "nothing" });
  const newest = h("button", { type: "button", class: "pill newest", onclick: follow }, "Newest ↓");
  const log = h("div", { class: "log" }, list, nothing, newest);
  const head = h("header", null, h("h2", null, "Log"), h("div", { class: "log-tools" }, problems, filter));
  const detail = mountDetail(app);
  find("inspector").append(head, log, detail.element);
  list.addEventListener("scroll", () => {
    isFollowing = list.scrollHeight - list.scrollTop - list.clientHeight < getRowHeight();
    drawRows();
    if (list.scrollTop < list.clientHeight && !isFollowing) loadMore();
  });
  new ResizeObserver(draw).observe(log);
  list.addEventListener("keydown", move);
  list.addEventListener("focus", () => {
    active ??= shown.at(-1)?.entry ?? null;
    drawRows();
  });
  list.addEventListener("click", (event) => {
    const row = event.target instanceof Element ? event.target.closest("[data-entry]") : null;
    if (row instanceof HTMLElement) open(Number(row.dataset.entry));
  });
  detail.element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // Elsewhere it leads to the conversation.
    app.select({ detail: null });
  });
  const select = createSelection(app);
  /** @type {Entry[]} */
  let shown = [];
  /** @type {number | null} */
  let active = null;
  let isFollowing = true;
  let isLoading = false;
  /** @type {number | null} */
  let opened = null;
  /** @type {Element | null} */
  let opener = null;

  function draw() {
    const number = app.view.detail;
    const hasFocus = detail.element.contains(document.activeElement);
    head.hidden = log.hidden = number !== null;
    detail.element.hidden = number === null;
    if (number === null) drawLog();
    else detail.draw(number);
    if (number === opened) return;
    if (number === null) {
      if (hasFocus) (opener?.checkVisibility() ? /** @type {HTMLElement} */ (opener) : list).focus();
    } else {
      if (opened === null) opener = document.activeElement;
      detail.heading.focus();
    }
    opened = number;
  }

  function drawLog() {
    shown = select(filter.value, problems.getAttribute("aria-pressed") === "true");
    space.style.height = `${shown.length * getRowHeight()}px`;
    if (isFollowing) list.scrollTop = list.scrollHeight;
    const isEmpty = shown.length === 0;
    list.hidden = isEmpty;
    fill(nothing, isEmpty && (app.model.log.length ? "Nothing fits the filter." : "Nothing has happened yet."));
    drawRows();
  }

  function drawRows() {
    const height = getRowHeight();
    const first = Math.max(0, Math.floor(list.scrollTop / height) - MARGIN_ROWS);
    const last = Math.ceil((list.scrollTop + list.clientHeight) / height) + MARGIN_ROWS;
    rows.style.transform = `translateY(${first * height}px)`;
    reconcile(rows, shown.slice(first, last), (entry) => entry.entry, buildRow, updateRow);
    Array.from(rows.children).forEach((row, index) => {
      row.setAttribute("aria-posinset", String(first + index + 1));
      row.setAttribute("aria-setsize", String(shown.length));
    });
    if (active !== null && find("inspector").querySelector(`#log-${active}`)) {
      list.setAttribute("aria-activedescendant", `log-${active}`);
    } else list.removeAttribute("aria-activedescendant");
    newest.hidden = isFollowing;
  }

  /** @param {Entry} entry */
  function buildRow(entry) {
    const row = h("div", { id: `log-${entry.entry}`, class: "log-row", role: "option", "data-entry": entry.entry });
    updateRow(row, entry);
    return row;
  }

  /** @param {Element} row @param {Entry} entry */
  function updateRow(row, entry) {
    row.setAttribute("aria-selected", String(entry.entry === active));
    const { sign, main, quoted, more, tone, result } = describeEntry(app.model, entry);
    const rest = join(quoted, more);
    const key = [main, rest, result].join("\n");
    if (row.getAttribute("title") === key) return;
    row.setAttribute("title", key);
    row.className = `log-row ${tone}`;
    const words = h("span", { class: "words" }, main, rest && h("small", null, ` ${rest}`));
    fill(
      row,
      h("time", null, formatSeconds(entry.at)),
      h("span", { class: "sign", "aria-hidden": "true" }, sign),
      words,
      h("span", { class: "result" }, result),
    );
  }

  /** Load what happened before, and keep the rows in sight where they are. */
  async function loadMore() {
    const [first] = app.model.log;
    if (isLoading || !first || first.entry <= app.model.firstEntry) return;
    isLoading = true;
    const top = shown[0];
    await loadOlder(app);
    drawLog();
    if (top) list.scrollTop += Math.max(0, shown.indexOf(top)) * getRowHeight();
    isLoading = false;
  }

  /** @param {KeyboardEvent} event */
  function move(event) {
    const page = Math.floor(list.clientHeight / getRowHeight()) - 1;
    /** @type {Record<string, number | undefined>} */
    const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -shown.length, End: shown.length };
    const step = steps[event.key];
    if (event.key === "Enter" && active !== null) open(active);
    if (event.altKey || step === undefined || !shown.length) return;
    event.preventDefault();
    const from = shown.findIndex((entry) => entry.entry === active);
    const index = Math.min(Math.max(0, (from < 0 ? shown.length : from) + step), shown.length - 1);
    active = shown[index]?.entry ?? null;
    const height = getRowHeight();
    const top = Math.max(index * height - list.clientHeight + height, Math.min(list.scrollTop, index * height));
    list.scrollTop = top;
    drawRows();
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

/** @returns {number} In pixels: it grows with the reader's font size. */
const getRowHeight = () => ROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

/**
 * Build the function that returns the entries that fit a filter. It looks at each entry once, unless the filter or the
 * beginning of the log changes.
 * @param {import("./main.js").App} app
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
