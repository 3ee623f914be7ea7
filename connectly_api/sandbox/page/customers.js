// The list of customers: the latest active first, with search.

import { readAct, readRequest, summarize } from "./content.js";
import { openNewCustomer } from "./dialogs.js";
import { fill, find, formatTime, h, reconcile, showText } from "./dom.js";
import { countUnread, getEdits, getName, getSelected, getThread, hasOlder, isWritten, listCustomers } from "./model.js";

/**
 * @typedef {import("./main.js").App} App
 * @typedef {import("./model.js").Customer} Customer
 * @typedef {import("./model.js").Entry} Entry
 */

/** More than these are found by search. */
const MOST = 200;

/** @param {App} app */
export function mountCustomers(app) {
  const placeholder = hasKeyboard() ? "Search ( / )" : "Search";
  const search = h("input", { id: "search", type: "search", placeholder, autocomplete: "off" });
  search.setAttribute("aria-label", "Search customers by name, number or text");
  const create = h("button", { type: "button", onclick: () => openNewCustomer(app) }, "New");
  const list = h("ul", { id: "people" });
  const rest = h("p", { class: "quiet rest" });
  find("customers").append(h("div", { class: "bar" }, h("h2", null, "Customers"), create), search, list, rest);

  search.addEventListener("input", app.draw);
  search.addEventListener("keydown", (event) => {
    const { key } = event;
    if (key !== "Enter" && key !== "Escape") return;
    event.preventDefault();
    const [first] = findCustomers(app, search.value);
    search.value = "";
    if (key === "Enter" && first) choose(app, first);
    else app.select({ tab: "chat" });
    find("field").focus();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.matches("input, textarea, select");
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "/" && !isTyping) {
      app.select({ tab: "customers" });
      search.focus();
    } else if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
      move(event.key === "ArrowUp" ? -1 : 1);
    } else return;
    event.preventDefault();
  });

  /** Select the next customer, or the one before. @param {number} step */
  function move(step) {
    const all = findCustomers(app, search.value);
    const index = all.findIndex(({ number }) => number === app.view.customer);
    const next = all[Math.min(Math.max(index + step, 0), all.length - 1)];
    if (next) choose(app, next);
  }

  return () => {
    const found = findCustomers(app, search.value);
    const first = found[0];
    if (!getSelected(app) && first && !search.value) app.select({ customer: first.number });
    reconcile(
      list,
      found.slice(0, MOST),
      ({ number }) => number,
      (customer) => {
        const row = h("li", null, h("button", { type: "button", onclick: () => choose(app, customer) }));
        drawCustomer(app, row, customer);
        return row;
      },
      (row, customer) => drawCustomer(app, row, customer),
    );
    const more = found.length - MOST;
    rest.textContent = more > 0 ? `${more} more: search for them` : found.length || !search.value ? "" : "Nobody found";
    const unread = [...app.model.threads.keys()].reduce((sum, number) => sum + countUnread(app.model, number), 0);
    const name = getSelected(app);
    document.title = `${unread ? `(${unread}) ` : ""}${name ? `${showText(getName(name))} · ` : ""}Sandbox`;
  };
}

const hasKeyboard = () => matchMedia("(pointer: fine)").matches;

/** @param {App} app @param {Customer} customer */
function choose(app, { number }) {
  app.select({ customer: number, tab: "chat", replyTo: null, editing: null });
  // On a phone this would open the keyboard over the conversation.
  if (hasKeyboard()) find("field").focus();
}

/** @param {App} app @param {string} text */
function findCustomers({ model }, text) {
  const wanted = text.trim().toLowerCase();
  const all = listCustomers(model);
  if (!wanted) return all;
  return all.filter(({ number, name, phone, bsuid }) => {
    if ([name, phone, bsuid].join(" ").toLowerCase().includes(wanted)) return true;
    return getThread(model, number).items.some((entry) => getWords({ model }, entry).toLowerCase().includes(wanted));
  });
}

/** @type {WeakMap<Entry, string>} */
const words = new WeakMap();

/** The words of a message; of anything else none. @param {Pick<App, "model">} app @param {Entry} entry */
function getWords({ model }, entry) {
  const known = words.get(entry);
  if (known !== undefined) return known;
  const found =
    entry.what === "request"
      ? summarize(readRequest(model, entry))
      : isWritten(entry)
        ? summarize(readAct(model, entry))
        : "";
  words.set(entry, found);
  return found;
}

const WINDOWS = { open: "window open", closed: "window closed", never: "never wrote" };

/** @param {App} app @param {Element} row @param {Customer} customer */
function drawCustomer(app, row, customer) {
  const { model, view } = app;
  const thread = getThread(model, customer.number);
  const last = thread.items.findLast((entry) => getWords(app, entry));
  const isSelected = view.customer === customer.number;
  const unread = countUnread(model, customer.number);
  const ends = Object.values(customer.windows);
  const isOpen = ends.some((end) => end === null || end > app.now());
  const window = isOpen ? "open" : ends.length ? "closed" : "never";
  const name = showText(getName(customer));
  const stamp = [name, last?.entry, thread.edits.length, unread, isSelected, window, customer.optedOut].join("|");
  const element = /** @type {HTMLElement} */ (row);
  if (element.dataset.stamp === stamp) return;
  element.dataset.stamp = stamp;
  const button = /** @type {HTMLElement} */ (row.firstElementChild);
  button.setAttribute("aria-current", String(isSelected));
  const edit = last && getEdits(thread, last).at(-1);
  const nothing = hasOlder(model, customer.number) ? "…" : "nothing yet";
  const said = showText(edit?.arguments.text ?? (last ? getWords(app, last) : nothing)).slice(0, 200);
  fill(
    button,
    h("span", { class: "avatar", "aria-hidden": "true" }, getInitials(customer), h("i", { class: `dot ${window}` })),
    h("span", { class: "name", dir: "auto" }, name),
    h("time", { class: "quiet" }, last ? formatTime(last.at) : ""),
    h("span", { class: "last quiet" }, last && isWritten(last) && "You: ", h("bdi", null, said)),
    unread > 0 && h("span", { class: "badge" }, String(unread), h("span", { class: "unseen" }, " unread")),
    h("span", { class: "unseen" }, `, ${WINDOWS[window]}${customer.optedOut ? ", opted out" : ""}`),
  );
}

/** @param {Customer} customer */
function getInitials({ name, phone, bsuid }) {
  const letters = (name ?? "").split(/\s+/).map((word) => /\p{L}/u.exec(word)?.[0] ?? "");
  return letters.join("").slice(0, 2).toUpperCase() || (phone ?? bsuid ?? "").slice(-2);
}
