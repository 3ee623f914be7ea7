// The lines of a conversation: bubbles of the bot and of the customer, refused requests, notes and days.

import {
  describeAnswer,
  describeRefusal,
  getReference,
  nameFault,
  nameKind,
  readAct,
  readRequest,
  shortenCode,
  summarize,
} from "./content.js";
import { openList } from "./dialogs.js";
import { fill, formatDay, formatMoment, formatSpan, formatTime, h, showText } from "./dom.js";
import { getEdits, getId, getLife, getReaction, getThread } from "./model.js";

/**
 * @typedef {import("./main.js").App} App
 * @typedef {import("./model.js").Item} Item
 * @typedef {import("./model.js").Entry} Entry
 * @typedef {import("./model.js").Customer} Customer
 * @typedef {import("./content.js").Content} Content
 */

const EMOJIS = ["👍", "❤️", "😂", "🙏"];

/** Draw a line if anything in it changed. @param {App} app @param {Customer} customer @param {Element} line @param {Item} item */
export function drawItem(app, customer, line, item) {
  const stamp = getStamp(app, item);
  const element = /** @type {HTMLElement} */ (line);
  if (element.dataset.stamp === stamp) return;
  const buttons = [...element.querySelectorAll("button")];
  const focused = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  const isOpen = element.querySelector(".tools:not([hidden])");
  element.dataset.stamp = stamp;
  element.className = `line ${item.kind}`;
  if (app.view.detail === item.entry.entry) element.classList.add("selected");
  fill(element, ...build(app, customer, item));
  if (isOpen) /** @type {HTMLElement | null} */ (element.querySelector(".more"))?.click();
  element.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
}

/** All that a line depends on, apart from its entry, which never changes. @param {App} app @param {Item} item */
function getStamp({ model, view }, { kind, entry, seconds, sender }) {
  /** @type {unknown[]} */
  const parts = [kind, seconds, sender, view.detail === entry.entry];
  if (kind === "sent") {
    const reaction = getReaction(getThread(model, entry.customer ?? 0), entry);
    const answer = reaction && describeAnswer(model, reaction).text;
    parts.push(...Object.values(getLife(model, entry.messageId)), reaction?.entry, answer);
  } else if (kind === "written") {
    const edits = getEdits(getThread(model, entry.customer ?? 0), entry);
    const reference = getReference(model, entry);
    parts.push(edits.length, describeAnswer(model, edits.at(-1) ?? entry).text, reference);
    parts.push(Boolean(model.messages.get(reference)?.request));
  }
  return parts.join("|");
}

/** @param {App} app @param {Customer} customer @param {Item} item @returns {Node[]} */
function build(app, customer, item) {
  const { kind, entry } = item;
  if (kind === "day") return [h("span", { class: "chip" }, formatDay(entry.at))];
  if (kind === "jump") {
    const now = entry.at + item.seconds;
    return [h("span", { class: "chip" }, `${formatSpan(item.seconds)} went by · ${formatMoment(now)}`)];
  }
  if (kind === "note") return [h("span", { class: "chip" }, describeNote(entry))];
  const buildLine = { refused: buildRefused, sent: buildSent, written: buildWritten }[kind];
  const way = kind === "written" ? "To" : "From";
  const number = item.sender && h("p", { class: "tag" }, `${way} ${showText(item.sender)}`);
  return buildLine(app, customer, entry, number);
}

/** @param {Entry} act */
function describeNote({ name, arguments: given }) {
  const whose = given.sender ? ` for ${showText(given.sender)}` : "";
  if (name === "changes_phone") return `Changed phone: now ${showText(given.phone ?? given.bsuid)}`;
  if (name === "opts_out") return "Opted out of templates";
  if (name === "opts_in") return "Opted in to templates again";
  return `Window ${name === "open_window" ? "opened" : "closed"}${whose}`;
}

/** @param {App} app @param {Customer} _ @param {Entry} request @param {import("./dom.js").Child} number @returns {Node[]} */
function buildRefused(app, _, request, number) {
  const { head, reason } = describeRefusal(request);
  const words = h("p", { class: "text", dir: "auto" }, showText(summarize(readRequest(app.model, request))));
  const meta = buildMeta(app, request, h("b", { class: "bad" }, `refused: ${showText(head)}`));
  return [h("div", { class: "bubble" }, number, words, reason && h("p", { class: "reason" }, showText(reason)), meta)];
}

/** @param {App} app @param {Customer} customer @param {Entry} request @param {import("./dom.js").Child} number @returns {Node[]} */
function buildSent(app, customer, request, number) {
  const { model, verbs, select } = app;
  const message = request.messageId;
  const whose = { customer: getId(customer), message };
  const content = readRequest(model, request);
  const { state, code } = getLife(model, message);
  const reaction = getReaction(getThread(model, customer.number), request);
  const emoji = reaction?.arguments.emoji;
  const isFailed = state === "failed";
  const fate = isFailed ? [h("b", { class: "bad" }, `failed: ${shortenCode(code)}`)] : buildTicks(state);
  const fault = request.fault && h("span", { class: "warn" }, nameFault(request.fault));
  const buildAll = () => [
    ...EMOJIS.map((one) => tool(one, () => verbs.post("reacts", { ...whose, emoji: one }), `React with ${one}`)),
    emoji && tool("Remove reaction", () => verbs.post("reacts", whose)),
    tool("Reply", () => select({ replyTo: message, editing: null })),
    state !== "read" && tool("Mark read", () => verbs.post("reads", whose)),
  ];
  return [
    h("div", { class: "bubble" }, number, ...buildContent(content), buildMeta(app, request, fault, ...fate)),
    ...(reaction && emoji ? [buildReaction(app, reaction)] : []),
    ...buildTools(buildAll),
    ...buildChoices(app, customer, message, content, isFailed),
  ];
}

/** @param {App} app @param {Entry} reaction */
function buildReaction(app, reaction) {
  const { text, isBad } = describeAnswer(app.model, reaction);
  const answer = h("span", { class: isBad ? "bad" : "quiet" }, text);
  const open = () => inspect(app, reaction);
  return h("button", { class: "reaction", type: "button", onclick: open }, showText(reaction.arguments.emoji), answer);
}

/** @param {App} app @param {Customer} customer @param {Entry} act @param {import("./dom.js").Child} number @returns {Node[]} */
function buildWritten(app, customer, act, number) {
  const { model, select } = app;
  const edit = getEdits(getThread(model, customer.number), act).at(-1);
  const content = readAct(model, act);
  if (edit) content.text = edit.arguments.text;
  const { text, isBad } = describeAnswer(model, edit ?? act);
  const answer = h(isBad ? "b" : "span", { class: isBad && "bad" }, text);
  const meta = buildMeta(app, edit ?? act, edit && h("span", null, "edited"), answer);
  const buildEdit = () => [tool("Edit", () => select({ editing: act.entry, replyTo: null }))];
  const quote = buildQuote(app, getReference(model, act));
  return [
    h("div", { class: "bubble" }, number, quote, ...buildContent(content), meta),
    ...(act.name === "says" ? buildTools(buildEdit) : []),
  ];
}

/** The buttons beside a bubble, folded away behind one and built when asked for. @param {() => import("./dom.js").Child[]} buildAll */
function buildTools(buildAll) {
  const row = h("div", { class: "tools" });
  const toggle = h("button", { class: "more plain", type: "button", "aria-label": "Actions for this message" }, "⋯");
  const show = (/** @type {boolean} */ isOpen) => {
    row.hidden = !isOpen;
    fill(row, isOpen && buildAll());
    toggle.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) row.scrollIntoView({ block: "nearest" });
  };
  show(false);
  toggle.addEventListener("click", () => show(row.hasAttribute("hidden")));
  row.addEventListener("click", () => {
    // What was chosen may have moved the focus already.
    if (row.contains(document.activeElement)) toggle.focus();
    show(false);
  });
  return [toggle, row];
}

/** @param {string} name @param {() => unknown} onclick @param {string} [label] */
function tool(name, onclick, label) {
  return h("button", { type: "button", class: "pill", onclick, "aria-label": label }, name);
}

/** The time and fate of a message; it opens the inspector. @param {App} app @param {Entry} entry @param {...import("./dom.js").Child} fate */
function buildMeta(app, entry, ...fate) {
  const hint = h("span", { class: "unseen" }, "Inspect");
  const open = () => inspect(app, entry);
  return h("button", { class: "meta", type: "button", onclick: open }, formatTime(entry.at), ...fate, hint);
}

/** @param {App} app @param {Entry} entry */
function inspect(app, entry) {
  app.select({ detail: entry.entry, tab: "inspector" });
}

/** @param {App} app @param {string | null} id */
function buildQuote(app, id) {
  if (!id) return null;
  const request = app.model.messages.get(id)?.request;
  const words = showText(summarize(request ? readRequest(app.model, request) : null));
  const lead = () => app.select({ sought: id });
  return h(
    "button",
    { class: "quote", type: "button", dir: "auto", onclick: lead, "aria-label": `Quoted: ${words}` },
    words,
  );
}

/** @param {Content} content @returns {(Node | "" | false | null)[]} */
function buildContent(content) {
  const { attachment, location, header, text, footer, template, parameters, products } = content;
  const parts = [
    template && h("p", { class: "tag" }, `Template ${showText(template)}`),
    attachment && buildMedia(attachment),
    location && buildLocation(location),
    header && h("p", { class: "heading", dir: "auto" }, showText(header)),
    text && h("p", { class: "text", dir: "auto" }, showText(text)),
    ...products.map(({ title, items }) =>
      h(
        "div",
        { class: "card" },
        h("b", null, showText(title || "Product")),
        h("ul", null, ...items.map((id) => h("li", null, showText(id)))),
      ),
    ),
    parameters.length > 0 && buildParameters(parameters),
    footer && h("p", { class: "footer quiet", dir: "auto" }, showText(footer)),
  ];
  // A kind of tomorrow is named at least.
  return parts.some(Boolean) ? parts : [h("p", { class: "tag" }, showText(nameKind(content.kind)))];
}

/** @param {[string, string][]} parameters */
function buildParameters(parameters) {
  const rows = parameters.map(([name, value]) =>
    h("tr", null, h("th", { scope: "row" }, showText(name)), h("td", { dir: "auto" }, showText(value))),
  );
  return h("table", { class: "parameters" }, h("tbody", null, ...rows));
}

/** @param {NonNullable<Content["location"]>} location */
function buildLocation({ place, name, address }) {
  return buildCard("Place", name || place, [address, name && place].filter(Boolean).join(" · "));
}

/** Files of this sandbox are shown; nothing is ever loaded from elsewhere. @param {import("./content.js").Attachment} attachment */
function buildMedia({ type, url, filename }) {
  const address = URL.canParse(url) ? new URL(url) : null;
  const name = showText(filename || decode(address?.pathname.split("/").at(-1) ?? "") || url);
  const own = address && getOwnPath(address);
  if (own && type === "image") return h("img", { class: "media", src: own, alt: name });
  if (own && (type === "audio" || type === "video")) return h(type, { class: "media", src: own, controls: true });
  const host = address ? `${address.host}, not loaded` : "no address";
  return buildCard(
    showText(nameKind(type)),
    name,
    own ? h("a", { href: own, download: "" }, "Download") : showText(host),
  );
}

/** @param {URL} address */
function getOwnPath({ hostname, pathname }) {
  const isHere = [location.hostname, "localhost", "127.0.0.1", "[::1]"].includes(hostname);
  return isHere && pathname.startsWith(new URL("files/", document.baseURI).pathname) ? pathname : null;
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {string} kind @param {string} name @param {import("./dom.js").Child} rest */
function buildCard(kind, name, rest) {
  const about = h("span", null, h("b", { dir: "auto" }, showText(name)), rest && h("small", { class: "quiet" }, rest));
  return h("div", { class: "card" }, h("span", { class: "kind" }, kind), about);
}

/**
 * What the customer may tap: reply buttons, or the button of a list.
 * @param {App} app
 * @param {Customer} customer
 * @param {string} message
 * @param {Content} content
 * @param {boolean} disabled
 * @returns {Node[]}
 */
function buildChoices(app, customer, message, { buttons, sections, listButton }, disabled) {
  const tap = (/** @type {string} */ button) => () =>
    app.verbs.post("taps", { customer: getId(customer), button, message });
  const choices = buttons.map(({ id, text }) =>
    h("button", { type: "button", dir: "auto", disabled, onclick: tap(id || text) }, showText(text || id)),
  );
  if (sections.length) {
    const open = () => openList(app, customer, message, listButton, sections);
    choices.push(
      h(
        "button",
        { type: "button", dir: "auto", disabled, onclick: open, "aria-haspopup": "dialog" },
        "☰ ",
        showText(listButton),
      ),
    );
  }
  return choices.length ? [h("div", { class: "choices" }, ...choices)] : [];
}

/** @param {"accepted" | "sent" | "delivered" | "read"} state @returns {Element[]} */
function buildTicks(state) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const two = "m1 7 3 3 7-8m-4 6 2 2 7-8";
  const shapes = { accepted: "M8 3v4l3 2M8 1a6 6 0 1 0 .01 0", sent: "m3 7 3 3 7-8", delivered: two, read: two };
  path.setAttribute("d", shapes[state]);
  svg.setAttribute("viewBox", "0 0 17 14");
  svg.setAttribute("class", `ticks ${state}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(path);
  return [svg, h("span", { class: "unseen" }, state)];
}
