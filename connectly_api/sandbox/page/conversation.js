// The conversation with the selected customer: its head, its lines, and what is spoken of it.

import { drawItem } from "./bubbles.js";
import { loadOlder } from "./connection.js";
import { describeRefusal, describeWindows, getSender, readAct, readRequest, summarize } from "./content.js";
import { openCustomerMenu } from "./dialogs.js";
import { fill, find, h, reconcile, showText } from "./dom.js";
import { getId, getName, getSelected, getThread, hasOlder, isWritten, listItems } from "./model.js";

/**
 * @typedef {import("./main.js").App} App
 * @typedef {import("./model.js").Customer} Customer
 * @typedef {import("./model.js").Item} Item
 */

/** How many lines are drawn at first, and how many more "Show earlier" draws. */
const NEAR = 100;
/** A conversation with fewer lines than these loads older ones by itself. */
const FEW = 20;
/** After a burst, most of the entries are statuses and webhooks: so many pages are read to find a message. */
const MOST_PAGES = 40;

/** @param {App} app */
export function mountConversation(app) {
  const thread = find("thread");
  const lines = h("ol", { id: "lines" });
  const earlier = h("button", { id: "earlier", class: "pill", type: "button", onclick: showEarlier }, "Show earlier");
  const newer = find("newer");
  const drawHead = mountHead(app);
  thread.append(earlier, lines);
  let limit = NEAR;
  let drawn = "";
  let templates = app.model.templates;
  let isAtEnd = true;
  let drawnNumber = 0;
  let drawnModel = app.model;

  thread.addEventListener(
    "scroll",
    () => {
      isAtEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 40;
      if (isAtEnd && !newer.hidden) app.draw();
    },
    { passive: true },
  );
  // It runs when the layout is known anyway: asking for heights while drawing would lay everything out once more.
  const observer = new ResizeObserver(() => isAtEnd && scrollToEnd());
  for (const element of [thread, lines, earlier]) observer.observe(element);
  newer.addEventListener("click", scrollToEnd);
  listenForKeys(thread, lines);

  function scrollToEnd() {
    thread.scrollTop = thread.scrollHeight;
    isAtEnd = true;
  }

  async function showEarlier() {
    const { customer } = app.view;
    if (customer === null) return;
    await loadLines(app, customer, limit + NEAR);
    const below = thread.scrollHeight - thread.scrollTop;
    limit += NEAR;
    draw();
    thread.scrollTop = thread.scrollHeight - below;
  }

  /** Scroll to a message of the bot, and mark it for a moment. @param {number} customer @param {string} id */
  async function showMessage(customer, id) {
    const { model } = app;
    for (let page = 0; page < MOST_PAGES && !model.messages.get(id)?.request; page += 1) {
      if (!hasOlder(model, customer) || !(await loadOlder(app, customer))) break;
    }
    const request = model.messages.get(id)?.request;
    if (!request || app.view.customer !== customer) return app.say("The sandbox no longer keeps that message");
    const { items } = getThread(model, customer);
    limit = Math.max(limit, items.length - items.indexOf(request) + FEW);
    draw();
    const line = document.getElementById(`line-${request.entry}`);
    isAtEnd = false;
    line?.scrollIntoView({ block: "center" });
    line?.querySelector("button")?.focus({ preventScroll: true });
    line?.classList.add("found");
    setTimeout(() => line?.classList.remove("found"), 1500);
  }

  function draw() {
    const { model, view } = app;
    const customer = getSelected(app);
    find("chat").classList.toggle("empty", !customer);
    drawHead(customer);
    if (!customer) return;
    const { number } = customer;
    if (number !== drawnNumber) {
      limit = NEAR;
      isAtEnd = true;
    }
    if (number !== drawnNumber || model !== drawnModel) {
      drawn = "";
      loadLines(app, number, FEW);
    }
    const isOther = number !== drawnNumber;
    drawnNumber = number;
    drawnModel = model;
    const { sought } = view;
    view.sought = null;
    if (sought) showMessage(number, sought);
    const now = [model.run, model.version, number, limit, view.detail, view.tab].join(" ");
    if (drawn === now && newer.hidden) return;
    drawn = now;
    if (templates !== model.templates) for (const line of lines.children) line.removeAttribute("data-stamp");
    templates = model.templates;
    const items = listItems(model, number, limit);
    markSenders(model, items);
    const { items: all, seen } = getThread(model, number);
    earlier.hidden = all.length <= limit && !hasOlder(model, number);
    reconcile(
      lines,
      items,
      ({ key }) => `${model.run} ${number} ${key}`,
      (item) => {
        const line = h("li", { id: item.kind === "sent" ? `line-${item.entry.entry}` : null });
        drawItem(app, customer, line, item);
        return line;
      },
      (line, item) => drawItem(app, customer, line, item),
    );
    const choices = [...lines.querySelectorAll(".choices:has(:enabled)")];
    for (const one of choices) one.classList.toggle("keys", one === choices.at(-1));
    // What is anchored to a line would move up with it.
    thread.classList.toggle("at-end", isAtEnd);
    if (isAtEnd && !document.hidden && thread.checkVisibility()) getThread(model, number).seen = model.entry;
    const unseen = isAtEnd ? 0 : all.filter(({ entry, messageId }) => entry > seen && messageId).length;
    newer.hidden = unseen === 0;
    newer.textContent = `↓ ${unseen} new`;
    if (isOther) scrollToEnd();
  }

  const speak = mountSpeech(app);
  return () => {
    draw();
    speak();
  };
}

/** Mark the messages with which the business's number changes. @param {App["model"]} model @param {Item[]} items */
function markSenders(model, items) {
  let before = model.senders[0];
  for (const item of items) {
    if (!["sent", "written", "refused"].includes(item.kind)) continue;
    const sender = getSender(model, item.entry);
    if (sender !== before) item.sender = sender;
    before = sender;
  }
}

/** Load older entries until there are so many lines. @param {App} app @param {number} customer @param {number} count */
async function loadLines(app, customer, count) {
  const { run } = app.model;
  for (let page = 0; page < MOST_PAGES && app.model.run === run; page += 1) {
    const { items } = getThread(app.model, customer);
    if (items.length >= count || !hasOlder(app.model, customer) || !(await loadOlder(app, customer))) return;
  }
}

/** Say what came and what became of it, in the selected conversation. @param {App} app */
function mountSpeech(app) {
  let run = "";
  let spoken = 0;
  return () => {
    const { model, view } = app;
    if (run !== model.run) spoken = model.entry;
    run = model.run;
    const start = model.log.findLastIndex(({ entry }) => entry <= spoken) + 1;
    for (const entry of model.log.slice(start)) {
      const words = entry.customer === view.customer ? describe(model, entry) : "";
      if (words) app.say(words);
    }
    spoken = model.entry;
  };
}

/** @param {App["model"]} model @param {import("./model.js").Entry} entry */
function describe(model, entry) {
  if (isWritten(entry)) return `You: ${summarize(readAct(model, entry))}`;
  if (entry.what === "status") return entry.code ? `Failed: ${entry.code}` : `${entry.status}`;
  if (entry.what !== "request") return "";
  return entry.messageId ? `Bot: ${summarize(readRequest(model, entry))}` : `Refused: ${describeRefusal(entry).head}`;
}

/** @param {App} app */
function mountHead(app) {
  const name = h("h2", { dir: "auto" });
  const ids = h("p", { class: "quiet ids" });
  const windows = h("span", { class: "windows" });
  const readAll = h("button", { class: "pill", type: "button", onclick: () => act("reads") }, "Read all");
  const menu = h("button", { id: "menu", class: "pill", type: "button", "aria-haspopup": "dialog" }, "⋯");
  menu.setAttribute("aria-label", "More about this customer");
  menu.addEventListener("click", () => {
    const customer = getSelected(app);
    if (customer) openCustomerMenu(app, customer);
  });
  find("head").append(h("div", { class: "who" }, name, ids), windows, readAll, menu);
  let drawn = "";

  /** @param {string} verb */
  function act(verb) {
    const customer = getSelected(app);
    if (customer) app.verbs.post(verb, { customer: getId(customer) });
  }

  return (/** @type {Customer | undefined} */ customer) => {
    if (!customer) return;
    const pills = describeWindows(customer, app.now());
    const now = JSON.stringify([customer, pills]);
    if (now === drawn) return;
    drawn = now;
    name.textContent = showText(getName(customer));
    ids.textContent = showText([customer.phone, customer.bsuid].filter(Boolean).join(" · "));
    if (customer.optedOut) pills.push({ text: "opted out", tone: "bad" });
    fill(windows, ...pills.map(({ text, tone }) => h("span", { class: `pill state ${tone}` }, text)));
  };
}

/** @param {HTMLElement} thread @param {HTMLElement} lines */
function listenForKeys(thread, lines) {
  thread.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.altKey) return;
    const all = [...lines.querySelectorAll("li")].filter((line) => line.querySelector("button"));
    const index = all.findIndex((line) => line.contains(document.activeElement));
    const next = index < 0 ? all.at(-1) : all[index + step];
    next?.querySelector("button")?.focus();
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.matches("input, textarea, select");
    if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || (isTyping && !event.altKey)) return;
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    const choice = digit && lines.querySelectorAll(".keys button")[Number(digit) - 1];
    if (!(choice instanceof HTMLElement)) return;
    choice.click();
    event.preventDefault();
  });
}
