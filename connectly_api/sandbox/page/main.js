// Starts the page: one app object, which every pane gets, and one place that draws.
//
// A pane is a function that takes the app, builds its fixed parts once, and returns the function that draws it from
// `app.model` and `app.view`. All are drawn together, at most ten times a second, and each second while the clock runs.

import { mountClock } from "./clock.js";
import { mountComposer } from "./composer.js";
import { connect } from "./connection.js";
import { mountConversation } from "./conversation.js";
import { mountCustomers } from "./customers.js";
import { find, h, showText } from "./dom.js";
import { mountEmpty } from "./empty.js";
import { mountFaults } from "./faults.js";
import { mountHelp } from "./help.js";
import { mountInspector } from "./inspector.js";
import { createModel, getNow, getSelected } from "./model.js";
import { createVerbs } from "./verbs.js";

/**
 * What is shown, as opposed to what happened.
 * @typedef {object} View
 * @property {number | null} customer The selected one, by number.
 * @property {"customers" | "chat" | "inspector"} tab The pane that shows where there is no room for all.
 * @property {number | null} detail The entry that the inspector shows; null for the log.
 * @property {string | null} replyTo The id of the message that the next text quotes.
 * @property {string | null} sought The id of the message to lead to, until it is found.
 * @property {number | null} editing The entry of the customer's text that is being edited.
 * @property {"connecting" | "live" | "lost"} connection
 *
 * @typedef {object} App
 * @property {import("./model.js").Model} model Replaced when the page reads anew: do not keep it.
 * @property {View} view
 * @property {ReturnType<typeof createVerbs>} verbs
 * @property {(change: Partial<View>) => void} select Change what is shown, and draw.
 * @property {() => void} draw Ask for a drawing soon.
 * @property {() => number} now The sandbox's time, Unix seconds.
 * @property {(text: string) => void} say Speak to screen readers, politely.
 * @property {(text: string) => void} complain Show and speak a problem.
 */

const BETWEEN_DRAWS = 100;

/** @type {App} */
const app = {
  model: createModel(),
  view: {
    customer: null,
    tab: "chat",
    detail: null,
    replyTo: null,
    sought: null,
    editing: null,
    connection: "connecting",
  },
  verbs: createVerbs(complain),
  select(change) {
    Object.assign(app.view, change);
    // At once, so that what shows from now on can get the focus, and the next key.
    if (isDrawing) scheduleDraw();
    else drawAll();
  },
  draw: scheduleDraw,
  now: () => getNow(app.model, performance.now()),
  say,
  complain,
};

const panes = [
  mountFrame,
  mountClock,
  mountFaults,
  mountHelp,
  mountEmpty,
  mountConversation,
  mountCustomers,
  mountComposer,
  mountInspector,
].map((mount) => mount(app));

let timer = 0;
let frame = 0;
let isDrawing = false;
let drawnAt = 0;

function scheduleDraw() {
  if (timer || frame) return;
  timer = setTimeout(
    () => {
      timer = 0;
      frame = requestAnimationFrame(drawAll);
    },
    Math.max(0, drawnAt + BETWEEN_DRAWS - performance.now()),
  );
}

function drawAll() {
  clearTimeout(timer);
  cancelAnimationFrame(frame);
  timer = 0;
  frame = 0;
  drawnAt = performance.now();
  isDrawing = true;
  try {
    for (const draw of panes) drawSafely(draw);
  } finally {
    isDrawing = false;
  }
}

/** A pane that fails must not keep the others, and what comes, from being drawn. @param {() => void} draw */
function drawSafely(draw) {
  try {
    draw();
  } catch (error) {
    reportError(error);
  }
}

/** The tabs, the light of the connection, and which pane shows. @param {App} app */
function mountFrame({ select }) {
  /** @type {[View["tab"], string][]} */
  const names = [
    ["customers", "Customers"],
    ["chat", "Conversation"],
    ["inspector", "Inspector"],
  ];
  const tabs = names.map(([tab, name]) =>
    h("button", { type: "button", "data-tab": tab, onclick: () => select({ tab }) }, name),
  );
  find("tabs").append(...tabs);
  const lights = { connecting: "Connecting", live: "Connected", lost: "Not connected: trying again" };
  return () => {
    // Two customers may turn out to be one.
    app.view.customer = getSelected(app)?.number ?? null;
    const { tab, connection } = app.view;
    find("panes").dataset.tab = tab;
    for (const button of tabs) button.setAttribute("aria-current", String(button.dataset.tab === tab));
    const light = find("light");
    light.dataset.connection = connection;
    light.title = lights[connection];
    light.setAttribute("aria-label", lights[connection]);
  };
}

/** @type {string[]} */
let unspoken = [];

/** Speak what happened within a second at once; of a burst, how much it was and the last of it. @param {string} text */
function say(text) {
  if (unspoken.push(text) > 1) return;
  setTimeout(() => {
    const last = unspoken.slice(-3);
    const more = unspoken.length - last.length;
    find("spoken").textContent = (more ? `${more} more. ` : "") + last.join(". ");
    unspoken = [];
  }, 700);
}

/** @param {string} problem */
function complain(problem) {
  const toast = h("p", { class: "toast" }, showText(problem));
  find("toasts").append(toast);
  setTimeout(() => toast.remove(), 8000);
}

setInterval(() => {
  if (app.model.clock.running && !document.hidden) scheduleDraw();
}, 1000);

connect(app);
scheduleDraw();
