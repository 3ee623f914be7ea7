// The detail of an entry: a message's life, the exact request and answer, and each webhook that tells of it.

import { readBody } from "./content.js";
import { fill, formatSeconds, h, reconcile, showText } from "./dom.js";
import { describeEntry, getTone, join, nameFault, shortenCode } from "./words.js";

/** @typedef {import("./main.js").App} App */
/** @typedef {import("./model.js").Entry} Entry */
/** @typedef {{ element: HTMLElement, update: () => void }} Part */

const MOST_SHOWN = 50_000;

/** @param {App} app */
export function mountDetail(app) {
  const heading = h("h2", { tabindex: "-1" });
  const back = h("button", { type: "button", onclick: () => app.select({ detail: null }) }, "Back to the log");
  const body = h("div", { class: "detail-body", tabindex: "0", role: "region", "aria-label": "Details" });
  const element = h("div", { class: "detail" }, h("header", null, heading, back), body);
  /** @type {Part[]} */
  let parts = [];
  let drawn = "";

  /** @param {number} number */
  function draw(number) {
    const entry = app.model.entries.get(number);
    const key = `${app.model.run} ${number} ${entry !== undefined}`;
    if (key !== drawn) {
      drawn = key;
      parts = entry ? buildParts(app, entry) : [];
      const lost = h("p", { class: "nothing" }, "The sandbox no longer keeps this entry.");
      fill(body, entry ? parts.map((part) => part.element) : lost);
      body.scrollTop = 0;
    }
    fill(heading, getTitle(entry));
    for (const part of parts) part.update();
  }

  return { element, heading, draw };
}

/** @param {HTMLElement} element @returns {Part} A part that does not change. */
const fix = (element) => ({ element, update() {} });

/** @param {Entry | undefined} entry */
function getTitle(entry) {
  if (entry?.what === "delivery") return "Webhook";
  if (entry?.what === "act") return entry.customer === null ? "Verb" : "Customer";
  return entry?.messageId ? "Message" : "Request";
}

/** @param {App} app @param {Entry} entry @returns {Part[]} */
function buildParts(app, entry) {
  const id = entry.what === "status" || entry.what === "request" ? entry.messageId : null;
  const request = entry.what === "request" ? entry : app.model.messages.get(id)?.request;
  const parts = [buildSummary(app, entry)];
  if (id) parts.push(buildLife(app, id));
  if (request) parts.push(...buildExchange(request));
  if (entry.what === "act") parts.push(buildAct(entry));
  if (entry.what === "delivery") parts.push(buildOrigin(app, entry), fix(buildDelivery(app, entry)));
  else if (id) parts.push(buildWebhooks(app, () => app.model.messages.get(id)?.deliveries ?? []));
  else if (entry.what === "act") parts.push(buildWebhooks(app, () => app.model.deliveries.get(entry.entry) ?? []));
  return parts;
}

/** @param {App} app @param {Entry} entry @returns {Part} The log's sentence, and the time. */
function buildSummary(app, entry) {
  const { main, quoted, more, tone } = describeEntry(app.model, entry);
  const day = new Date(entry.at * 1000).toDateString();
  const element = h(
    "section",
    null,
    h("p", { class: "quoted" }, h("b", null, main), ` ${quoted}`),
    more && h("p", { class: `remark ${tone}` }, more),
    h("p", { class: "quiet" }, `${day}, ${formatSeconds(entry.at)} · entry ${entry.entry}`),
  );
  return fix(element);
}

/** @param {App} app @param {string} id @returns {Part} What became of a message. */
function buildLife(app, id) {
  const steps = h("ol", { class: "life" });
  const update = () => {
    const { request, statuses = [] } = app.model.messages.get(id) ?? {};
    const accepted = request && { entry: 0, at: request.at, status: "accepted", code: null };
    const all = /** @type {Entry[]} */ ([accepted, ...statuses].filter(Boolean));
    reconcile(
      steps,
      all,
      (one) => one.entry,
      (one) =>
        h(
          "li",
          { class: `step is-${one.status}` },
          join(`${one.status.replaceAll("_", " ")} ${formatSeconds(one.at)}`, shortenCode(one.code)),
        ),
    );
  };
  const request = app.model.messages.get(id)?.request;
  const sent = request ? readBody(request) : {};
  const facts = buildFacts({
    id,
    from: sent.sender?.id ?? sent.sender,
    to: sent.recipient?.id ?? sent.number,
    campaign: sent.campaignName,
    "callback data": sent.callbackData === undefined ? null : JSON.stringify(sent.callbackData),
  });
  return { element: h("section", null, h("h3", null, "Life"), steps, facts), update };
}

/** @param {Entry} entry @returns {Part[]} A request as it was sent, and its answer. */
function buildExchange(entry) {
  const url = entry.path + (entry.query && `?${entry.query}`);
  const headers = entry.headers.map((/** @type {[string, string]} */ [name, value]) => `${name}: ${value}`).join("\n");
  const request = h(
    "section",
    null,
    buildHeading(
      "Request",
      buildCopy("Copy as curl", () => buildCurl(entry)),
    ),
    h("p", { class: "mono" }, h("b", null, entry.method), ` ${showText(url)}`),
    entry.fault && h("p", { class: "bad" }, nameFault(entry.fault)),
    buildProblems(
      "Refused because",
      entry.violations.map((/** @type {any} */ one) => join(one.field, one.problem)),
    ),
    buildProblems("Ignored: these fields are unknown to the service", entry.unknownFields),
    buildFold([`${entry.headers.length} headers`], h("pre", { tabindex: "0" }, showText(headers))),
    buildText(entry.body, "The body is empty."),
  );
  const status = entry.status ? `Answer ${entry.status}` : "No answer: the connection was reset";
  const answer = h(
    "section",
    null,
    h("h3", { class: getTone(entry.status) }, status),
    entry.code && h("p", { class: "mono" }, showText(entry.code)),
    entry.answer !== undefined && buildText(entry.answer, "The answer is empty."),
  );
  return [fix(request), fix(answer)];
}

/** @param {Entry} entry @returns {Part} A verb, as anybody could call it. */
function buildAct(entry) {
  const body = JSON.stringify(entry.arguments);
  const path = new URL(entry.name, location.href).pathname;
  const call = { method: "POST", path, query: "", headers: [["content-type", "application/json"]], body };
  const heading = buildHeading(
    "Verb",
    buildCopy("Copy as curl", () => buildCurl(call)),
  );
  const line = h("p", { class: "mono" }, h("b", null, "POST"), ` ${showText(path)}`);
  return fix(h("section", null, heading, line, buildFacts({ id: entry.id }), buildText(body, "")));
}

/** @param {App} app @param {Entry} entry @returns {Part} The way from a webhook to what it tells of. */
function buildOrigin(app, entry) {
  const element = h("p", { class: "actions" });
  const update = () => {
    const request = app.model.messages.get(entry.messageId)?.request;
    const origin = request ?? app.model.entries.get(entry.cause);
    if (!origin || element.childElementCount) return;
    const open = () => app.select({ detail: origin.entry });
    element.append(
      h("button", { type: "button", onclick: open }, request ? "Open the message" : "Open what caused it"),
    );
  };
  return { element, update };
}

/** @param {App} app @param {() => Entry[]} getDeliveries @returns {Part} */
function buildWebhooks(app, getDeliveries) {
  const heading = h("h3");
  const list = h("div");
  const update = () => {
    const found = getDeliveries();
    fill(heading, found.length ? `Webhooks (${found.length})` : "No webhook: the bot was not told");
    reconcile(
      list,
      found,
      (one) => one.entry,
      (one) => {
        const { main, more, tone, result } = describeEntry(app.model, one);
        const words = h("span", { class: "words" }, main, h("small", null, ` ${join(formatSeconds(one.at), more)}`));
        return buildFold([words, h("span", { class: `result ${tone}` }, result)], buildDelivery(app, one));
      },
    );
  };
  return { element: h("section", null, heading, list), update };
}

/** @param {App} app @param {Entry} entry A webhook: what the bot was told, and what it answered. */
function buildDelivery(app, entry) {
  const again = () => app.verbs.post("redeliver", { entry: entry.entry });
  const answer = entry.status === null ? `No answer: ${showText(entry.problem)}` : `The bot answered ${entry.status}`;
  return h(
    "section",
    { class: "webhook" },
    buildFacts({
      address: entry.address,
      topic: entry.topic,
      signature: entry.signature,
      try: `${entry.attempt} of event ${entry.number}`,
      fault: entry.fault,
    }),
    buildText(JSON.stringify(entry.event), ""),
    h("p", { class: `answer ${entry.status === 200 ? "good" : "bad"}` }, answer),
    entry.answer && buildText(entry.answer, ""),
    entry.traceback && h("pre", { class: "traceback", tabindex: "0" }, showText(entry.traceback)),
    h("p", { class: "actions" }, h("button", { type: "button", onclick: again }, "Deliver again")),
  );
}

/** @param {string} title @param {HTMLElement} button */
const buildHeading = (title, button) => h("div", { class: "topline" }, h("h3", null, title), button);

/** @param {import("./dom.js").Child[]} summary @param {HTMLElement} content */
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

/** @param {string} title @param {string[]} problems */
const buildProblems = (title, problems) =>
  problems.length > 0 &&
  h(
    "div",
    { class: "problems" },
    h("p", null, title),
    h(
      "ul",
      null,
      problems.map((one) => h("li", null, showText(one))),
    ),
  );

/** @param {string} text Shown indented if it is JSON, copied as it is. @param {string} empty What to say if it is empty. */
function buildText(text, empty) {
  if (!text) return h("p", { class: "quiet" }, empty);
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
 * @returns {import("./dom.js").Child[]}
 */
export function indentJson(text) {
  try {
    JSON.parse(text);
  } catch {
    return [showText(text)];
  }
  /** @type {import("./dom.js").Child[]} */
  const parts = [];
  let depth = 0;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[{]\s*[\]}]|[[\]{}:,]|[^\s[\]{}:,"]+/g) ?? [];
  tokens.forEach((token, index) => {
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    const line = `\n${"  ".repeat(depth)}`;
    if (token === "{" || token === "[" || token === ",") parts.push(token, line);
    else if (token === "}" || token === "]") parts.push(line, token);
    else if (token === ":") parts.push(": ");
    else parts.push(h("span", { class: getTokenClass(token, tokens[index + 1]) }, showText(token)));
  });
  return parts;
}

/** @param {string} token @param {string | undefined} next */
const getTokenClass = (token, next) => (token[0] !== '"' ? "json-value" : next === ":" ? "json-name" : "json-text");

/** @param {string} label @param {() => string} getText */
export function buildCopy(label, getText) {
  const button = h("button", { type: "button", class: "copy" }, label);
  button.addEventListener("click", async () => {
    const isCopied = await copyText(getText());
    fill(button, isCopied ? "Copied" : "Not copied");
    setTimeout(() => fill(button, label), 1500);
  });
  return h("span", { role: "status" }, button);
}

/** @param {string} text @returns {Promise<boolean>} */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not over plain HTTP from another machine: then the old way.
    const field = h("textarea", { class: "unseen", "aria-hidden": "true" });
    const focused = document.activeElement;
    field.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return isCopied;
  }
}

// What curl writes itself, or what only held for the connection.
const OWN_HEADERS = /^(host|content-length|connection|accept-encoding|user-agent|transfer-encoding|cookie|expect)$/;

/** @param {any} entry A request. @returns {string} A command that repeats it; the key is the environment's. */
export function buildCurl({ method, path, query, headers, body }) {
  const url = location.origin + path + (query && `?${query}`);
  const words = headers
    .filter((/** @type {[string, string]} */ [name]) => !OWN_HEADERS.test(name))
    .map((/** @type {[string, string]} */ [name, value]) =>
      name === "x-api-key" ? '-H "X-API-Key: $CONNECTLY_API_KEY"' : `-H ${quoteShell(`${name}: ${value}`)}`,
    );
  if (body) words.push(`--data-raw ${quoteShell(body)}`);
  return ["curl", `-X ${method}`, quoteShell(url), ...words].join(" ");
}

/** @param {string} text */
const quoteShell = (text) => `'${text.replaceAll("'", "'\\''")}'`;
