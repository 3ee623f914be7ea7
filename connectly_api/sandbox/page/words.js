// The log's sentences: what an entry of the timeline says about people and messages. Pure.

import { formatSpan, showText } from "./dom.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./model.js").Entry} Entry */

/**
 * A line of the log.
 * @typedef {object} Line
 * @property {"→" | "←" | "•" | "✓"} sign From the bot, to the bot, by the customer or a test, of a message.
 * @property {string} main
 * @property {string} rest
 * @property {"" | "good" | "warn" | "bad" | "quiet"} tone
 * @property {string} result The status of an answer, or nothing.
 */

/** @param {unknown} text @returns {any} An empty object for what is no JSON object. */
export function parseObject(text) {
  try {
    const value = JSON.parse(String(text));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** @param {Model} model @param {number | null | undefined} number */
export function nameCustomer(model, number) {
  const customer = number == null ? undefined : model.customers.get(number);
  return showText(customer?.name ?? customer?.phone ?? customer?.bsuid ?? "a customer");
}

/** @param {any} body That of a request to send. @returns {string} "text", "image", "template". */
export function getKind(body) {
  if (body.templateName !== undefined) return "template";
  const message = body.message ?? {};
  if (message.attachments?.[0]) return String(message.attachments[0].type ?? "attachment");
  return (
    { location: "location", listMessage: "list", replyButtonMessage: "buttons" }[Object.keys(message).find((key) => key !== "text" && key !== "id") ?? ""] ??
    (message.singleProductMessage || message.multiProductMessage ? "product" : "text")
  );
}

/** @param {any} body That of a request to send. @returns {string} Its text in quotation marks, or what it is. */
export function quoteMessage(body) {
  if (body.templateName !== undefined) return `template ${showText(body.templateName)}`;
  const message = body.message ?? {};
  const attachment = message.attachments?.[0] ?? {};
  const text = message.text || attachment.caption || attachment.filename || message.location?.name;
  return text ? quote(text) : getKind(body);
}

/** @param {unknown} text */
const quote = (text) => `“${showText(text)}”`;

/** @param {string | null | undefined} code @returns {string} Without what every code begins with. */
export const shortenCode = (code) => (code ?? "").replace(/^ERROR_CODE_(MESSAGE_)?/, "");

/** @param {number | null | undefined} status @returns {"good" | "warn" | "bad"} */
export const getTone = (status) => (!status || status >= 500 ? "bad" : status >= 400 ? "warn" : "good");

/** @param {Model} model @param {Entry} entry @returns {Line} */
export function describeEntry(model, entry) {
  if (entry.what === "request") return describeRequest(model, entry);
  if (entry.what === "delivery") return describeDelivery(model, entry);
  if (entry.what === "status") return describeStatus(model, entry);
  const { main, rest = "" } = describeAct(model, entry);
  return { sign: "•", main, rest, tone: "", result: "" };
}

/** @param {Model} model @param {any} entry @returns {Line} */
function describeRequest(model, entry) {
  const body = parseObject(entry.body);
  const isSend = body.message !== undefined || body.templateName !== undefined;
  const isAccepted = entry.messageId !== null;
  const reason = isAccepted ? "" : explainRefusal(entry);
  const fault = entry.fault && `fault: ${nameFault(entry.fault)}`;
  const ignored = entry.unknownFields.length > 0 && `ignored: ${showText(entry.unknownFields.join(", "))}`;
  const to = entry.customer == null ? "" : ` to ${nameCustomer(model, entry.customer)}`;
  let main = `${entry.method} ${showText(entry.path)}`;
  if (isSend && isAccepted) main = `Bot sends ${getKind(body)}${to}`;
  else if (isSend) main = `Refused: ${getKind(body)}${to}`;
  else if (entry.path.endsWith("/create/webhooks")) main = `Bot registers for ${showText(body.topic)}`;
  const quoted = isSend ? quoteMessage(body) : showText(body.address);
  return {
    sign: "→",
    main,
    rest: join(quoted, reason, fault, ignored),
    tone: getTone(entry.status),
    result: entry.status ? String(entry.status) : "–",
  };
}

/** @param {any} entry @returns {string} Why a request was refused: the violations, or else the code or the message. */
export function explainRefusal(entry) {
  if (entry.status < 400) return "";
  const violations = entry.violations.map((/** @type {any} */ one) => `${one.field} ${one.problem}`).join("; ");
  return showText(join(shortenCode(entry.code), violations || parseObject(entry.answer).message));
}

/** @param {Model} model @param {any} entry @returns {Line} */
function describeDelivery(model, entry) {
  const { statusUpdate, reaction, listResponse, buttonResponse, message } = entry.event ?? {};
  const who = nameCustomer(model, entry.customer);
  let main = `Webhook ${showText(entry.topic)}`;
  let rest = "";
  if (statusUpdate) {
    main = `Webhook ${showText(statusUpdate.status)}`;
    rest = quoteById(model, statusUpdate.id);
  } else if (message?.isEcho) {
    main = "Webhook echo";
    rest = message.text ? quote(message.text) : "";
  } else if (entry.topic === "messages") {
    main = `Webhook ${who}`;
    const text = message?.text ?? (buttonResponse ?? listResponse)?.text ?? reaction?.emoji;
    rest = text ? quote(text) : (message?.attachments?.[0]?.type ?? (message?.location ? "location" : "a reaction"));
  }
  const attempt = entry.attempt > 1 && `try ${entry.attempt}`;
  const fault = entry.fault && `fault: ${nameFault(entry.fault)}`;
  return {
    sign: "←",
    main,
    rest: join(rest, attempt, showText(entry.problem), fault),
    tone: entry.status === 200 ? "good" : "bad",
    result: entry.status ? String(entry.status) : "–",
  };
}

/** @param {Model} model @param {any} entry @returns {Line} */
function describeStatus(model, entry) {
  const isFailed = entry.status.startsWith("delivery_fail");
  return {
    sign: "✓",
    main: `${isFailed ? "Failed" : entry.status[0].toUpperCase() + entry.status.slice(1)} ${quoteById(model, entry.messageId)}`,
    rest: join(`to ${nameCustomer(model, entry.customer)}`, shortenCode(entry.code)),
    tone: isFailed ? "bad" : "quiet",
    result: "",
  };
}

/** @param {Model} model @param {string} id */
function quoteById(model, id) {
  const request = model.messages.get(id);
  return request ? quoteMessage(parseObject(request.body)) : showText(id);
}

/** @param {Model} model @param {any} entry @returns {{ main: string, rest?: string }} */
function describeAct(model, { name, arguments: given, customer }) {
  const who = nameCustomer(model, customer);
  const text = showText(given.text);
  switch (name) {
    case "says":
      return { main: `${who} says`, rest: quote(given.text) };
    case "edits":
      return { main: `${who} edits a message`, rest: `“${text}”` };
    case "sends":
      return { main: `${who} sends ${showText(given.type)}`, rest: showText(given.caption ?? given.filename ?? given.url) };
    case "shares_location":
      return { main: `${who} shares a location`, rest: showText(given.name ?? `${given.latitude}, ${given.longitude}`) };
    case "taps":
      return { main: `${who} taps`, rest: quote(given.button) };
    case "picks":
      return { main: `${who} picks`, rest: quote(given.row) };
    case "reacts":
      return given.emoji
        ? { main: `${who} reacts`, rest: showText(given.emoji) }
        : { main: `${who} takes a reaction back` };
    case "reads":
      return { main: `${who} reads` };
    case "opts_out":
    case "opts_in":
      return { main: `${who} opts ${name === "opts_in" ? "in to" : "out of"} templates` };
    case "changes_phone":
      return { main: `${who} changes phone`, rest: showText(given.phone ?? given.bsuid) };
    case "open_window":
    case "close_window":
      return { main: `The window of ${who} ${name === "open_window" ? "opens" : "closes"}` };
    case "customer":
      return { main: `New customer ${who}`, rest: join(showText(given.phone), showText(given.bsuid)) };
    case "template":
      return { main: `Template ${showText(given.name)}`, rest: join(showText(given.language), given.status ?? "approved") };
    case "register":
      return { main: `Webhooks registered for ${showText(given.topic)}`, rest: showText(given.address) };
    case "fault":
      return { main: "Fault set", rest: describeRule(given) };
    case "clear_faults":
      return { main: "Faults removed" };
    case "advance":
      return { main: `The clock moves by ${formatSpan(sumSeconds(given))}` };
    case "settle":
      return { main: "The clock moves until nothing is due" };
    case "clock":
      return { main: given.running === false ? "The clock stops" : "The clock runs", rest: given.speed ? `${given.speed}×` : "" };
    case "report_ready":
      return { main: "A report is ready", rest: showText(given.name) };
    default:
      return { main: showText(name.replaceAll("_", " ")), rest: showText(Object.keys(given).length ? JSON.stringify(given) : "") };
  }
}

/** @param {any} given The arguments of `advance`. */
export const sumSeconds = ({ seconds = 0, minutes = 0, hours = 0, days = 0 }) =>
  seconds + 60 * minutes + 3600 * hours + 86400 * days;

/** @param {string} what @returns {string} */
export const nameFault = (what) => showText(what).replaceAll("_", " ");

/** @param {any} rule That of the state, or the arguments of `fault`. @returns {string} "server error 503 · next 2". */
export function describeRule(rule) {
  const { what, status, code, seconds, accepted, html, next, every, probability, recipient, topic, operation } = rule;
  const times = next ? `next ${next === 1 ? "" : next}`.trim() : every > 1 ? `every ${every}th` : probability != null ? `${probability * 100} %` : "always";
  return join(
    [nameFault(what), status, showText(shortenCode(code)), seconds != null && `${seconds} s`].filter(Boolean).join(" "),
    accepted && "accepted",
    html && "HTML",
    times,
    recipient && `only ${showText(recipient)}`,
    showText(topic ?? operation),
  );
}

/** @param {...unknown} parts @returns {string} Those that are not empty, with dots between. */
export const join = (...parts) => parts.filter(Boolean).join(" · ");
