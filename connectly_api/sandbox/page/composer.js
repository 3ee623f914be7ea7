// Where one writes as the customer: texts, replies and edits; Enter sends, ↑ in the empty field edits the latest text.

import { getSender, readAct, readMessage, summarize } from "./content.js";
import { openAttachments } from "./dialogs.js";
import { fill, find, h, showText } from "./dom.js";
import { getEdits, getId, getName, getSelected, getThread } from "./model.js";

/** @typedef {import("./main.js").App} App */
/** @typedef {Pick<import("./main.js").View, "replyTo" | "editing">} About What the text is about. */

/** @param {App} app */
export function mountComposer(app) {
  const form = /** @type {HTMLFormElement} */ (find("composer"));
  const bar = h("div", { class: "about", hidden: true });
  const more = h(
    "button",
    { class: "plain round", type: "button", "aria-haspopup": "dialog", "aria-label": "Attach" },
    "+",
  );
  const field = h("textarea", { id: "field", rows: 1, dir: "auto", autocomplete: "off", enterkeyhint: "send" });
  const sender = h("select", { "aria-label": "Business number to write to", hidden: true });
  const send = h("button", { class: "primary", type: "submit" }, "Send");
  form.append(bar, sender, more, field, send);

  /** Unfinished texts, by customer. @type {Map<number, string>} */
  const drafts = new Map();
  /** @type {number | null} */
  let customerNumber = null;
  /** @type {number | null} */
  let editing = null;
  let about = "";
  // Texts go one after the other, however fast they are written.
  /** @type {{number: number, verb: string, body: Record<string, unknown>, text: string, about: About}[]} */
  const queue = [];

  more.addEventListener("click", () => {
    const customer = getSelected(app);
    if (customer) openAttachments(app, customer, getChosenSender());
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey) return;
    if (event.key === "Enter" && !event.shiftKey) submit();
    else if (event.key === "ArrowUp" && field.value === "") editLatest();
    else if (event.key === "Escape") app.select({ replyTo: null, editing: null });
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", ({ key, target }) => {
    const isElsewhere = target instanceof Element && !target.matches("input, textarea, select");
    if (key !== "Escape" || !isElsewhere || document.querySelector("dialog[open]")) return;
    app.select({ tab: "chat" });
    field.focus();
  });

  const getChosenSender = () => (sender.hidden ? null : sender.value);

  function editLatest() {
    const customer = getSelected(app);
    const latest = customer && getThread(app.model, customer.number).items.findLast(({ name }) => name === "says");
    if (latest) app.select({ editing: latest.entry, replyTo: null });
  }

  function submit() {
    const text = field.value;
    const customer = getSelected(app);
    if (!customer || !text.trim()) return;
    const { editing: edited, replyTo } = app.view;
    const message = edited === null ? null : app.model.entries.get(edited)?.id;
    const whose = { customer: getId(customer), text };
    const body = message ? { ...whose, message } : { ...whose, reply_to: replyTo, sender: getChosenSender() };
    const about = { replyTo, editing: edited };
    queue.push({ number: customer.number, verb: message ? "edits" : "says", body, text, about });
    const thread = find("thread");
    thread.scrollTop = thread.scrollHeight;
    field.value = "";
    if (edited === null) drafts.delete(customer.number);
    app.select({ replyTo: null, editing: null });
    if (queue.length === 1) sendAll();
  }

  async function sendAll() {
    for (let one = queue[0]; one; [one] = queue) {
      if (await app.verbs.post(one.verb, one.body)) queue.shift();
      else for (const unsent of queue.splice(0).reverse()) giveBack(unsent);
    }
  }

  /** Put a text that was not taken before what was written since. @param {typeof queue[number]} unsent */
  function giveBack({ number, text, about }) {
    const isHere = number === customerNumber;
    if (isHere && !field.value) app.select(about);
    const since = isHere ? field.value : drafts.get(number);
    const all = about.editing !== null && about.editing === editing ? text : [text, since].filter(Boolean).join("\n");
    if (isHere) field.value = all;
    else drafts.set(number, all);
  }

  function drawAbout() {
    const { model, view } = app;
    const now = `${view.replyTo} ${view.editing}`;
    if (about === now) return;
    about = now;
    bar.hidden = !view.replyTo && view.editing === null;
    const act = view.editing === null ? undefined : model.entries.get(view.editing);
    if (act && editing !== view.editing) {
      if (editing === null) drafts.set(act.customer ?? 0, field.value);
      const edit = getEdits(getThread(model, act.customer ?? 0), act).at(-1);
      field.value = edit?.arguments.text ?? readAct(model, act).text;
    } else if (!act && editing !== null) field.value = drafts.get(customerNumber ?? 0) ?? "";
    editing = view.editing;
    if (bar.hidden) return;
    const request = model.messages.get(view.replyTo ?? "")?.request ?? null;
    const cancel = h("button", { class: "plain round", type: "button", "aria-label": "Cancel" }, "✕");
    cancel.addEventListener("click", () => app.select({ replyTo: null, editing: null }));
    const words = act
      ? "Edit your text"
      : `Reply to “${showText(summarize(readMessage(model, request))).slice(0, 200)}”`;
    fill(bar, h("span", { dir: "auto" }, words), cancel);
    field.focus();
  }

  return () => {
    const { senders } = app.model;
    const customer = getSelected(app);
    if (customer?.mergedNumbers.includes(customerNumber ?? 0)) customerNumber = customer.number;
    if (senders.join() !== [...sender.options].map(({ value }) => value).join()) {
      fill(
        sender,
        ...senders.map((one) => h("option", { value: one, title: showText(one) }, `To …${showText(one).slice(-4)}`)),
      );
      sender.hidden = senders.length < 2;
    }
    if (customerNumber !== (customer?.number ?? null)) {
      if (customerNumber !== null && editing === null) drafts.set(customerNumber, field.value);
      customerNumber = customer?.number ?? null;
      field.value = drafts.get(customerNumber ?? 0) ?? "";
      editing = null;
      const last = customer && getThread(app.model, customer.number).items.findLast(({ messageId }) => messageId);
      sender.value = (last && getSender(app.model, last)) || (senders[0] ?? "");
    }
    const place = customer ? `Write as ${showText(getName(customer))}` : "No customer yet";
    if (field.placeholder !== place) {
      field.placeholder = place;
      field.setAttribute("aria-label", place);
    }
    for (const control of [field, send, more]) control.disabled = !customer;
    drawAbout();
  };
}
