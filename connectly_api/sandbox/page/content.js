// What messages say: reads requests of the bot and verbs of customers, whatever their shape, and puts into words what
// became of them. Pure.

import { formatSpan, showText } from "./dom.js";

/**
 * @typedef {import("./model.js").Entry} Entry
 * @typedef {import("./model.js").Model} Model
 * @typedef {{type: string, url: string, filename: string}} Attachment
 * @typedef {{id: string, text: string, description: string}} Choice
 *
 * @typedef {object} Content
 * @property {string} kind `text`, `image`, `template` and so on.
 * @property {string} header
 * @property {string} text
 * @property {string} footer
 * @property {Attachment | null} attachment
 * @property {{place: string, name: string, address: string} | null} location `place` is its latitude and longitude.
 * @property {Choice[]} buttons
 * @property {string} listButton
 * @property {{title: string, rows: Choice[]}[]} sections Rows of a list.
 * @property {{title: string, items: string[]}[]} products Ids by section.
 * @property {string} template Its name and language.
 * @property {[string, string][]} parameters Those of a template that its text does not show.
 */

/** @type {WeakMap<Entry, any>} */
const bodies = new WeakMap();

/** The JSON of a request with documented names; an empty object if it is none. @param {Entry} request */
export function readBody(request) {
  const body = bodies.get(request) ?? parse(request.body);
  bodies.set(request, body);
  return body;
}

/** @param {string} text */
function parse(text) {
  try {
    return toCamelCase(JSON.parse(text)) ?? {};
  } catch {
    return {};
  }
}

/** The service reads `list_message` as `listMessage`. @param {any} value @returns {any} */
function toCamelCase(value) {
  if (Array.isArray(value)) return value.map(toCamelCase);
  if (value === null || typeof value !== "object") return value;
  const rename = (/** @type {string} */ name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [rename(name), toCamelCase(field)]));
}

/** @param {any} value */
const toText = (value) => (value == null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
/** @param {any} value @returns {any[]} */
const toList = (value) => (Array.isArray(value) ? value.map((item) => item ?? {}) : []);
/** @param {any} value @returns {Choice} */
const toChoice = ({ id, text, description }) => ({
  id: toText(id),
  text: toText(text),
  description: toText(description),
});
/** @param {any} value @returns {Attachment | null} */
const toAttachment = (value) =>
  value ? { type: toText(value.type), url: toText(value.url), filename: toText(value.filename) } : null;

/** @param {any} value @returns {Content["location"]} */
const toLocation = (value) =>
  value
    ? {
        place: `${toText(value.latitude)}, ${toText(value.longitude)}`,
        name: toText(value.name),
        address: toText(value.address),
      }
    : null;

/** @returns {Content} */
function createContent() {
  const texts = { kind: "text", header: "", text: "", footer: "", listButton: "", template: "" };
  return { ...texts, attachment: null, location: null, buttons: [], sections: [], products: [], parameters: [] };
}

/** What the bot sent, or tried to send. @param {Model} model @param {Entry} request @returns {Content} */
export function readRequest(model, request) {
  const body = readBody(request);
  if (body.templateName !== undefined) return readTemplate(model, body);
  const { text, attachments, location, ...parts } = body.message ?? {};
  const [name, part] = Object.entries(parts).find(([, value]) => value && typeof value === "object") ?? ["text", {}];
  const media = toList(attachments)[0];
  const products = [...toList(part.sections), part].map(({ title, productItems, productItem }) => ({
    title: toText(title),
    items: [...toList(productItems), productItem ?? {}].map((item) => toText(item.productRetailerId)).filter(Boolean),
  }));
  return {
    ...createContent(),
    kind: media ? toText(media.type) : location ? "location" : text ? "text" : (KINDS.get(name) ?? spell(name)),
    header: toText(part.header?.text),
    text: toText(text || media?.caption),
    footer: toText(part.footer?.text),
    attachment: toAttachment(media ?? part.header?.attachment),
    location: toLocation(location),
    buttons: toList(part.buttons).map(toChoice),
    listButton: toText(part.button?.text) || "Choose",
    sections: name === "listMessage" ? toList(part.sections).map(toSection) : [],
    products: products.filter(({ items }) => items.length),
  };
}

const KINDS = new Map([
  ["listMessage", "list"],
  ["replyButtonMessage", "buttons"],
  ["singleProductMessage", "product"],
  ["multiProductMessage", "products"],
]);

/** @param {string} name A kind of tomorrow, such as "pollMessage". */
const spell = (name) => name.replace(/[A-Z]/g, " $&").toLowerCase();

/** @param {any} section */
const toSection = ({ title, rows }) => ({ title: toText(title), rows: toList(rows).map(toChoice) });

/** @param {Model} model @param {any} body @returns {Content} */
function readTemplate(model, body) {
  const name = toText(body.templateName);
  const language = toText(body.language);
  const isMeant = (/** @type {any} */ one) => one.name === name && (!language || one.language === language);
  const declared = model.templates.find(isMeant);
  /** @type {[string, any][]} */
  const given = toList(body.parameters).map((one) => [toText(one.name), one]);
  const values = new Map(given);
  const media = given.find(([key]) => /^header_(image|video|document)$/.test(key));
  const used = new Set(media && [media[0]]);
  /** @param {string | null | undefined} text @param {string} prefix */
  const complete = (text, prefix) =>
    toText(text).replace(/\{\{\s*([^{}\s]+)\s*\}\}/g, (blank, key) => {
      const found = [key, prefix + key, prefix === "header_" ? "header_text" : ""].find((one) => values.has(one));
      if (!found) return blank;
      used.add(found);
      return toText(values.get(found).value);
    });
  return {
    ...createContent(),
    kind: "template",
    template: language ? `${name} · ${language}` : name,
    header: complete(declared?.header, "header_"),
    text: complete(declared?.text, "body_"),
    footer: toText(declared?.footer),
    attachment: media ? toAttachment({ ...media[1], type: media[0].slice(7), url: media[1].value }) : null,
    buttons: toList(declared?.buttons).map((text) => toChoice({ id: text, text })),
    parameters: given.filter(([key]) => !used.has(key)).map(([key, { value }]) => [key, toText(value)]),
  };
}

/** What a customer wrote. @param {Model} model @param {Entry} act @returns {Content} */
export function readAct(model, act) {
  const { text, type, caption, button, row, latitude, ...rest } = act.arguments;
  const event = getEvent(model, act);
  const choice = event?.buttonResponse ?? event?.listResponse ?? findChoice(model, act);
  return {
    ...createContent(),
    kind: type ?? (latitude === undefined ? "text" : "location"),
    text: toText(text ?? caption ?? choice?.text ?? button ?? row),
    attachment: type ? toAttachment(act.arguments) : null,
    location: latitude === undefined ? null : toLocation({ latitude, ...rest }),
  };
}

/** @param {Entry | null} request @param {Model} model */
export const readMessage = (model, request) => (request ? readRequest(model, request) : null);

/** The tapped button or picked row. @param {Model} model @param {Entry} act @returns {Choice | undefined} */
function findChoice(model, act) {
  const content = readMessage(model, model.messages.get(act.arguments.message)?.request ?? null);
  const rows = content?.sections.flatMap((section) => section.rows) ?? [];
  const wanted = act.arguments.button ?? act.arguments.row;
  return [...(content?.buttons ?? []), ...rows].find(({ id, text }) => id === wanted || text === wanted);
}

/** The first event that an act caused, if the bot was told. @param {Model} model @param {Entry} act */
function getEvent(model, act) {
  return model.deliveries.get(act.entry)?.[0]?.event;
}

/** The id of the message that a customer's act refers to, or null. @param {Model} model @param {Entry} act */
export function getReference(model, act) {
  return act.arguments.reply_to ?? act.arguments.message ?? getEvent(model, act)?.context?.replyToId ?? null;
}

/** The number of the business that a message is from or to. @param {Model} model @param {Entry} entry @returns {string} */
export function getSender(model, entry) {
  if (entry.what === "request") {
    const { sender } = readBody(entry);
    return toText(sender?.id ?? sender).replace(/[ ().-]/g, "") || (model.senders[0] ?? "");
  }
  const request = model.messages.get(getReference(model, entry))?.request;
  return entry.arguments.sender ?? (request ? getSender(model, request) : (model.senders[0] ?? ""));
}

/** A content in a few words. @param {Content | null} content */
export function summarize(content) {
  if (!content) return "an earlier message";
  const { kind, text, header, template, attachment, location } = content;
  if (template) return text || `Template ${template}`;
  if (attachment && !text) return `${nameKind(kind)} ${attachment.filename}`.trim();
  if (location) return `Location ${location.name || location.place}`;
  return text || header || nameKind(kind);
}

/** @param {string} kind "Image", "List". */
export const nameKind = (kind) => kind.charAt(0).toUpperCase() + kind.slice(1);

/**
 * What the bot answered to a customer's act, in words: that of the event that went worst.
 * @param {Model} model @param {Entry} act
 * @returns {{text: string, isBad: boolean}}
 */
export function describeAnswer(model, act) {
  const attempts = model.deliveries.get(act.entry) ?? [];
  const last = new Map(attempts.map((one) => [`${one.registrationId} ${one.number}`, one]));
  const worst = [...last.values()].find(({ status }) => status !== 200) ?? attempts.at(-1);
  if (!worst) return { text: isWaiting(model, act) ? "bot not told yet" : "bot not told", isBad: false };
  const tries = attempts.filter(({ number }) => number === worst.number).length;
  const more = worst.attempt > 1 ? ` · try ${worst.attempt}` : tries > 1 ? ` · ${tries} deliveries` : "";
  if (worst.fault === "drop_webhook") return { text: "webhook dropped", isBad: true };
  return { text: `bot ${worst.status ?? "did not answer"}${more}`, isBad: worst.status !== 200 };
}

/** Whether the bot may still be told, or has not answered so far. @param {Model} model @param {Entry} act */
function isWaiting({ registrations, registered, due, threads }, { entry, customer }) {
  if (entry < registered || !registrations.some(({ topic }) => topic === "messages")) return false;
  return due.count > 0 || entry > (threads.get(customer ?? 0)?.told ?? 0);
}

/** A code without what every code begins with. @param {unknown} code */
export const shortenCode = (code) => showText(code).replace(/^ERROR_CODE_(MESSAGE_)?/, "");

/** @param {unknown} what @returns {string} */
export const nameFault = (what) => (what ? `fault: ${showText(what).replaceAll("_", " ")}` : "");

/** Why a request was refused. @param {Entry} request */
export function describeRefusal(request) {
  const { message } = parse(request.answer ?? "");
  const [violation] = toList(request.violations);
  const reason = violation ? `${violation.field}: ${violation.problem}` : toText(message);
  const head = request.status ? `${request.status} ${shortenCode(request.code)}`.trim() : "no answer";
  return { head, reason: reason || nameFault(request.fault) };
}

const ONE_HOUR = 3600;

/**
 * The rest of the customer's window; of each of the business's numbers that the customer wrote to, if they differ.
 * @param {import("./model.js").Customer} customer
 * @param {number} now
 * @returns {{text: string, tone: "good" | "warn" | "bad" | "quiet"}[]}
 */
export function describeWindows({ windows }, now) {
  const states = Object.keys(windows).map((sender) => ({ sender, ...describeWindow(windows[sender], now) }));
  if (!states.length) return [describeWindow(undefined, now)];
  if (states.every(({ text }) => text === states[0]?.text)) return states.slice(0, 1);
  return states.map(({ sender, text, tone }) => ({ text: `…${sender.slice(-4)} ${text}`, tone }));
}

/**
 * @param {number | null | undefined} end
 * @param {number} now
 * @returns {{text: string, tone: "good" | "warn" | "bad" | "quiet"}}
 */
function describeWindow(end, now) {
  if (end === undefined) return { text: "never wrote", tone: "quiet" };
  if (end === null) return { text: "window open", tone: "good" };
  if (end <= now) return { text: "window closed", tone: "bad" };
  const minutes = Math.max(1, Math.floor((end - now) / 60));
  return { text: `window ${formatSpan(60 * minutes)}`, tone: end - now <= ONE_HOUR ? "warn" : "good" };
}
