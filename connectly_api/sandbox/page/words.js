// The log's sentences: what an entry of the timeline says about people and messages. Pure.

import {
  describeRefusal,
  nameFault,
  nameKind,
  readAct,
  readBody,
  readRequest,
  shortenCode,
  summarize,
} from "./content.js";
import { formatSpan, showText } from "./dom.js";
import { countSeconds, getName } from "./model.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./model.js").Entry} Entry */

/**
 * A line of the log.
 * @typedef {object} Line
 * @property {"→" | "←" | "•" | "✓"} sign From the bot, to the bot, of a customer or a test, of a message.
 * @property {string} main Who did what.
 * @property {string} quoted What it was about.
 * @property {string} more Why it was refused, which try it was, and so on.
 * @property {"" | "good" | "warn" | "bad" | "quiet"} tone
 * @property {string} result The status of an answer, or nothing.
 */

/** @param {...unknown} parts @returns {string} Those that are not empty, with dots between. */
export const join = (...parts) => parts.filter(Boolean).join(" · ");

const MOST_QUOTED = 300;

/** @param {unknown} text */
function quote(text) {
  const all = String(text ?? "");
  return all && `“${showText(all.slice(0, MOST_QUOTED))}${all.length > MOST_QUOTED ? " …" : ""}”`;
}

/** @param {number | null | undefined} status @returns {"good" | "warn" | "bad"} */
export const getTone = (status) => (!status || status >= 500 ? "bad" : status >= 400 ? "warn" : "good");

/** @param {Model} model @param {Entry} entry @returns {Line} */
export function describeEntry(model, entry) {
  const who = showText(getName(model.customers.get(entry.customer ?? -1)));
  if (entry.what === "request") return describeRequest(model, entry, who);
  if (entry.what === "delivery") return describeDelivery(model, entry, who);
  if (entry.what === "status") return describeStatus(model, entry, who);
  const [main, ...rest] = describeAct(model, entry, who);
  return { sign: "•", main: showText(main), quoted: join(...rest), more: "", tone: "", result: "" };
}

/** @param {Model} model @param {Entry} entry @param {string} who @returns {Line} */
function describeRequest(model, entry, who) {
  const { messageId, method, path, status, unknownFields, fault } = entry;
  const body = readBody(entry);
  const isSend = body.message !== undefined || body.templateName !== undefined;
  const content = readRequest(model, entry);
  const { head, reason } = describeRefusal(entry);
  const to = entry.customer === null ? "" : ` to ${who}`;
  let main = `${showText(method)} ${showText(path)}`;
  if (isSend) main = `${messageId ? "Bot sends" : "Refused:"} ${showText(content.kind)}${to}`;
  else if (path.endsWith("/create/webhooks")) main = `Bot registers for ${showText(body.topic)}`;
  return {
    sign: "→",
    main,
    quoted: isSend ? quote(summarize(content)) : showText(body.address),
    more: join(
      !messageId && status >= 400 && showText(join(head.replace(/^\d+ ?/, ""), reason)),
      nameFault(fault),
      unknownFields.length > 0 && `ignored: ${showText(unknownFields.join(", "))}`,
    ),
    tone: getTone(status),
    result: String(status || "–"),
  };
}

/** @param {Model} model @param {Entry} entry @param {string} who @returns {Line} */
function describeDelivery(model, entry, who) {
  const { statusUpdate, reaction, listResponse, buttonResponse, message } = entry.event ?? {};
  const text = message?.text ?? (buttonResponse ?? listResponse)?.text ?? reaction?.emoji;
  const isInbound = entry.customer !== null && entry.topic === "messages" && !message?.isEcho;
  const about = isInbound ? who : (statusUpdate?.status ?? (message?.isEcho ? "echo" : entry.topic));
  return {
    sign: "←",
    main: `Webhook: ${showText(about)}`,
    quoted: statusUpdate
      ? quoteMessage(model, statusUpdate.id)
      : quote(text) || showText(message?.attachments?.[0]?.type),
    more: join(entry.attempt > 1 && `try ${entry.attempt}`, showText(entry.problem), nameFault(entry.fault)),
    tone: entry.status === 200 ? "good" : "bad",
    result: String(entry.status ?? "–"),
  };
}

/** @param {Model} model @param {Entry} entry @param {string} who @returns {Line} */
function describeStatus(model, { status, messageId, code }, who) {
  const isFailed = status.startsWith("delivery_fail");
  const main = isFailed ? "Not delivered" : nameKind(status);
  const more = join(`to ${who}`, shortenCode(code));
  return {
    sign: "✓",
    main,
    quoted: quoteMessage(model, messageId),
    more,
    tone: isFailed ? "bad" : "quiet",
    result: "",
  };
}

/** @param {Model} model @param {string} id */
function quoteMessage(model, id) {
  const request = model.messages.get(id)?.request;
  return request ? quote(summarize(readRequest(model, request))) : "an earlier message";
}

/** @param {Model} model @param {Entry} entry @param {string} who @returns {unknown[]} The first is the main thing. */
function describeAct(model, entry, who) {
  const { name, arguments: given } = entry;
  if (!given) return [`${entry.what} of ${who}`];
  const words = quote(summarize(readAct(model, entry)));
  /** @type {Record<string, () => unknown[]>} */
  const sentences = {
    says: () => [`${who} says`, words],
    edits: () => [`${who} edits a message`, quote(given.text)],
    sends: () => [`${who} sends ${given.type}`, words],
    shares_location: () => [`${who} shares a location`, words],
    taps: () => [`${who} taps`, words],
    picks: () => [`${who} picks`, words],
    reacts: () => (given.emoji ? [`${who} reacts`, showText(given.emoji)] : [`${who} takes a reaction back`]),
    reads: () => [`${who} reads`],
    opts_out: () => [`${who} opts out of templates`],
    opts_in: () => [`${who} opts in to templates`],
    changes_phone: () => [`${who} changes phone`, showText(given.phone ?? given.bsuid)],
    open_window: () => [`The window of ${who} opens`],
    close_window: () => [`The window of ${who} closes`],
    customer: () => [`New customer ${who}`, showText(given.phone), showText(given.bsuid)],
    template: () => [`Template ${given.name}`, showText(given.language ?? "en"), showText(given.status ?? "approved")],
    register: () => [`Webhooks registered for ${given.topic}`, showText(given.address)],
    fault: () => ["Fault set", describeRule(given)],
    remove_fault: () => ["Fault removed", `rule ${given.number}`],
    clear_faults: () => ["Faults removed"],
    advance: () => [`The clock moves by ${formatSpan(countSeconds(given))}`],
    settle: () => ["The clock moves until nothing is due"],
    clock: () => [given.running === false ? "The clock stops" : "The clock runs", given.speed && `${given.speed}×`],
    redeliver: () => ["Webhook delivered again", `entry ${given.entry}`],
    event: () => ["Event sent as it was written", showText(given.topic)],
    report_ready: () => ["A report is ready", showText(given.name)],
  };
  const rest = Object.keys(given).length ? showText(JSON.stringify(given)) : "";
  return sentences[name]?.() ?? [name.replaceAll("_", " "), rest];
}

/** @param {any} rule One of the state, or the arguments of `fault`. @returns {string} "server error 503 · next 2". */
export function describeRule(rule) {
  const { what, status, code, seconds, next, every, probability, recipient } = rule;
  const after = rule.retryAfter ?? rule.retry_after;
  let times = "always";
  if (next) times = next === 1 ? "the next" : `the next ${next}`;
  else if (every) times = every === 1 ? times : `one in ${every}`;
  else if (probability != null) times = `${Math.round(100 * probability)} %`;
  const options = [status, shortenCode(code), seconds != null && `${seconds} s`, after && `retry after ${after}`];
  return join(
    [showText(what).replaceAll("_", " "), ...options.map((one) => one && showText(one))].filter(Boolean).join(" "),
    rule.accepted && "accepted",
    rule.html && "HTML",
    times,
    recipient && `only ${showText(recipient)}`,
    showText(rule.topic ?? rule.operation),
  );
}
