// The detail of an entry: a message's life, the exact request and answer, and each webhook that tells of it.

import { loadOlder } from "./connection.js";
import { nameFault, readBody, shortenCode } from "./content.js";
import { buildCopy, buildCurl } from "./copy.js";
import { fill, formatDay, formatSeconds, h, reconcile, showText } from "./dom.js";
import { describeEntry, getTone, join } from "./words.js";

/** @typedef {import("./main.js").App} App */
/** @typedef {import("./model.js").Entry} Entry */
/** @typedef {import("./dom.js").Child} Child */

const MOST_SHOWN = 50_000;
const DEEPEST = 40;

/** @param {App} app */
export function mountDetail(app) {
  const heading = h("h2", { tabindex: "-1" });
  const back = h("button", { type: "button", onclick: () => app.select({ detail: null }) }, "Back to the log");
  const body = h("div", { class: "detail-body", tabindex: "0", role: "region", "aria-label": "Details" });
  const element = h("div", { class: "detail" }, h("header", null, heading, back), body);
  let drawn = "";
  let update = () => {};

  /** @param {number} number */
  function draw(number) {
    const { entries, messages, run } = app.model;
    const entry = entries.get(number);
    const isPartial = entry?.what === "status" && !messages.get(entry.messageId)?.request;
    const key = join(run, number, entry !== undefined, isPartial);
    if (key !== drawn) {
      drawn = key;
      fill(heading, getTitle(entry));
      fill(body, !entry && h("p", { class: "nothing" }, "The sandbox no longer keeps this entry."));
      update = entry ? buildParts(app, entry, body) : () => {};
      body.scrollTop = 0;
      if (isPartial) loadOlder(app, entry.customer); // It draws again, with the message's request.
    }
    update();
  }

  return { element, heading, draw };
}

/** @param {Entry | undefined} entry */
function getTitle(entry) {
  if (entry?.what === "delivery") return "Webhook";
  if (entry?.what === "act") return entry.customer === null ? "Verb" : "Customer";
  return entry?.messageId ? "Message" : "Request";
}

/** @param {App} app @param {Entry} entry @param {Element} body @returns What draws the parts that change. */
function buildParts(app, entry, body) {
  const { what } = entry;
  const message = what === "delivery" || what === "act" ? null : app.model.messages.get(entry.messageId);
  const request = what === "request" ? entry : message?.request;
  const steps = h("ol", { class: "life" });
  const title = h("h3");
  const webhooks = h("div");
  const getWebhooks = () => (message ? message.deliveries : (app.model.deliveries.get(entry.entry) ?? []));
  body.append(buildSummary(app, entry));
  if (message) body.append(buildSection("Life", steps, request && buildMessageFacts(message.id, readBody(request))));
  if (request) body.append(...buildExchange(request));
  if (what === "act") body.append(buildVerb(entry));
  if (what === "delivery") body.append(buildDelivery(app, entry));
  else if (message || what === "act") body.append(h("section", null, title, webhooks));
  return () => {
    if (message) reconcile(steps, getSteps(message), (step) => step.entry, buildStep);
    const found = getWebhooks();
    fill(title, found.length ? `Webhooks (${found.length})` : "No webhook: the bot was not told");
    reconcile(
      webhooks,
      found,
      (one) => one.entry,
      (one) => buildWebhook(app, one),
    );
  };
}

/** @param {App} app @param {Entry} entry The log's sentence, and the time. */
function buildSummary(app, entry) {
  const { main, quoted, more, tone } = describeEntry(app.model, entry);
  const sentence = h("p", null, h("b", null, main), ` ${quoted}`);
  const time = `${formatDay(entry.at)}, ${formatSeconds(entry.at)} · entry ${entry.entry}`;
  return h("section", null, sentence, more && h("p", { class: tone }, more), h("p", { class: "quiet" }, time));
}

/** @param {import("./model.js").Message} message */
function getSteps({ request, statuses }) {
  const accepted = request ? [{ entry: 0, status: "accepted", at: request.at }] : [];
  return /** @type {Entry[]} */ ([...accepted, ...statuses]);
}

/** @param {Entry} step */
function buildStep({ status, at, code }) {
  const text = join(`${showText(status).replaceAll("_", " ")} ${formatSeconds(at)}`, shortenCode(code));
  return h("li", { class: code ? "bad" : /^(delivered|read)$/.test(status) ? "good" : null }, text);
}

/** @param {string} id @param {any} sent The body of the request. */
function buildMessageFacts(id, sent) {
  const from = sent.sender?.id ?? sent.sender;
  const to = sent.recipient?.id ?? sent.number;
  return buildFacts({ id, from, to, campaign: sent.campaignName });
}

/** @param {any} entry @returns {HTMLElement[]} A request as it was sent, and its answer. */
function buildExchange(entry) {
  const { method, path, query, headers, body, fault, violations, unknownFields, status, code, answer } = entry;
  const lines = headers.map((/** @type {string[]} */ header) => header.join(": ")).join("\n");
  const problems = violations.map((/** @type {any} */ one) => join(one.field, one.problem));
  return [
    buildSection(
      ["Request", buildCopy("Copy as curl", () => buildCurl(entry))],
      h("p", { class: "mono" }, h("b", null, method), ` ${showText(path + (query && `?${query}`))}`),
      fault && h("p", { class: "bad" }, nameFault(fault)),
      buildList("Refused because", problems),
      buildList("Ignored: these fields are unknown to the service", unknownFields),
      buildFold([`${headers.length} headers`], h("pre", { tabindex: "0" }, showText(lines))),
      buildText(body, "The body is empty."),
    ),
    buildSection(
      [h("span", { class: getTone(status) }, status ? `Answer ${status}` : "No answer: the connection was reset")],
      code && h("p", { class: "mono" }, showText(code)),
      answer != null && buildText(answer, "The answer is empty."),
    ),
  ];
}

/** @param {Entry} entry A verb, as anybody could call it. */
function buildVerb(entry) {
  const body = JSON.stringify(entry.arguments);
  const path = new URL(entry.name, location.href).pathname;
  const curl = buildCurl({ method: "POST", path, query: "", headers: [["content-type", "application/json"]], body });
  const line = h("p", { class: "mono" }, h("b", null, "POST"), ` ${showText(path)}`);
  return buildSection(
    ["Verb", buildCopy("Copy as curl", () => curl)],
    line,
    buildFacts({ id: entry.id }),
    buildText(body),
  );
}

/** @param {App} app @param {Entry} entry */
function buildWebhook(app, entry) {
  const { main, more, tone, result } = describeEntry(app.model, entry);
  const words = h("span", { class: "words" }, main, h("small", null, ` ${join(formatSeconds(entry.at), more)}`));
  return buildFold([words, h("b", { class: tone }, result)], buildDelivery(app, entry));
}

/** @param {App} app @param {Entry} entry A webhook: what the bot was told, and what it answered. */
function buildDelivery(app, entry) {
  const { address, topic, signature, attempt, number, fault, event, status, problem, answer, traceback } = entry;
  const origin = app.model.messages.get(entry.messageId)?.request?.entry ?? entry.cause;
  const again = () => app.verbs.post("redeliver", { entry: entry.entry });
  const open = () => app.select({ detail: origin });
  const isOpener = app.view.detail === entry.entry && app.model.entries.has(origin);
  return h(
    "section",
    { class: "delivery" },
    buildFacts({ address, topic, signature, try: `${attempt} of event ${number}`, fault }),
    buildText(JSON.stringify(event)),
    h(
      "p",
      { class: status === 200 ? "good" : "bad" },
      status ? `The bot answered ${status}` : `No answer: ${showText(problem)}`,
    ),
    answer && buildText(answer),
    traceback && h("pre", { class: "traceback", tabindex: "0" }, showText(traceback)),
    h(
      "p",
      { class: "actions" },
      h("button", { type: "button", onclick: again }, "Deliver again"),
      isOpener && h("button", { type: "button", onclick: open }, "Open what it is about"),
    ),
  );
}

/** @param {Child | Child[]} title @param {...Child} content */
const buildSection = (title, ...content) => h("section", null, h("h3", null, title), ...content);

/** @param {Child[]} summary @param {HTMLElement} content */
const buildFold = (summary, content) => h("details", null, h("summary", null, summary), content);

/** @param {Record<string, unknown>} facts Those without a value are left out. */
function buildFacts(facts) {
  const given = Object.entries(facts).filter(([, value]) => value != null && value !== "");
  return h(
    "dl",
    null,
    given.flatMap(([name, value]) => [h("dt", null, name), h("dd", { class: "mono" }, showText(value))]),
  );
}

/** @param {string} title @param {string[]} items */
const buildList = (title, items) =>
  items.length > 0 &&
  h(
    "div",
    { class: "problems" },
    title,
    h(
      "ul",
      null,
      items.map((item) => h("li", null, showText(item))),
    ),
  );

/** @param {string} text Shown indented if it is JSON, copied as it is. @param {string} [empty] Said if it is empty. */
function buildText(text, empty) {
  if (!text) return empty && h("p", { class: "quiet" }, empty);
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)} …` : text;
  return h(
    "div",
    { class: "code" },
    buildCopy("Copy", () => text),
    h("pre", { tabindex: "0" }, ...indentJson(shown)),
  );
}

/**
 * Indent JSON and mark its names, without decoding it: numbers and escapes stay as they were written.
 * @param {string} text
 * @returns {Child[]}
 */
export function indentJson(text) {
  try {
    JSON.parse(text);
  } catch {
    return [showText(text)];
  }
  /** @type {string[]} */
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|\[\s*\]|\{\s*\}|[[\]{}:,]|[^\s[\]{}:,"]+/g) ?? [];
  let depth = 0;
  /** @param {string} token @param {number} index @returns {Child[]} */
  const mark = (token, index) => {
    depth += token === "{" || token === "[" ? 1 : token === "}" || token === "]" ? -1 : 0;
    const line = `\n${"  ".repeat(Math.min(depth, DEEPEST))}`;
    if (/^[[{,]$/.test(token)) return [token, line];
    if (/^[\]}]$/.test(token)) return [line, token];
    if (token === ":") return [": "];
    const kind = token[0] !== '"' ? "value" : tokens[index + 1] === ":" ? "name" : "text";
    return [h("span", { class: `json-${kind}` }, showText(token))];
  };
  return tokens.flatMap(mark);
}
