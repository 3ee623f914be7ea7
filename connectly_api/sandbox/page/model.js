// What the page knows about a run: one reducer for the first state, for older history and for the live stream.
// No element, clock or request in here. Entries come in any order: a status may be known before its message is.

/**
 * An entry of the timeline, as `GET timeline` writes it: a request, a delivery attempt, an act (a verb), a status.
 * @typedef {{entry: number, what: "request" | "delivery" | "act" | "status", at: number, customer: number | null,
 *   [field: string]: any}} Entry
 *
 * @typedef {{number: number, phone: string | null, bsuid: string | null, name: string | null, formerIds: string[],
 *   windows: Record<string, number | null>, optedOut: boolean, mergedNumbers: number[]}} Customer
 *
 * @typedef {{id: string, topic: string, address: string, type: string, configuration: any}} Registration
 *
 * @typedef {{name: string, language: string, parameters: string[], status: string, header?: string | null,
 *   text?: string | null, footer?: string | null, buttons?: string[]}} Template
 *
 * @typedef {{number: number, what: string, matches: number, isUsedUp: boolean, [option: string]: any}} Rule
 *
 * A message of the business: the request that created it, and what became of it.
 * @typedef {{id: string, request: Entry | null, statuses: Entry[], deliveries: Entry[]}} Message
 *
 * What a customer wrote and got, in order. `seen` is the last entry that was shown, `from` the first that was asked for
 * beyond the log, `last` the latest that concerns the customer, `told` the latest of which the bot was told.
 * @typedef {{items: Entry[], edits: Entry[], reactions: Entry[], seen: number, from: number | null, last: number,
 *   told: number}} Thread
 *
 * A line of a conversation. A jump of the clock has `seconds`; a message that is not from or to the business's number of
 * the one before has `sender`.
 * @typedef {{key: string, kind: "sent" | "written" | "refused" | "note" | "jump" | "day", entry: Entry,
 *   seconds: number, sender?: string}} Item
 *
 * @typedef {object} Model
 * @property {string} run
 * @property {number} entry The last entry that is known.
 * @property {number} firstEntry The first that the sandbox still keeps.
 * @property {Record<string, any>} settings
 * @property {Record<string, number>} counts
 * @property {{now: number, running: boolean, speed: number}} clock
 * @property {number} clockAt When `clock` was read, in milliseconds of `performance.now()`.
 * @property {string[]} senders
 * @property {Registration[]} registrations
 * @property {Template[]} templates
 * @property {number} registered The last entry that created a registration.
 * @property {Rule[]} rules
 * @property {{count: number, next: number | null}} due
 * @property {Map<number, Customer>} customers
 * @property {Map<number, Entry>} entries All that are loaded.
 * @property {Entry[]} log Those without gaps, ascending, up to the last one.
 * @property {Map<string, Message>} messages The business's, by id.
 * @property {Map<number, Entry[]>} deliveries Delivery attempts, by the entry that caused them.
 * @property {Map<number, Thread>} threads By the customer's number.
 * @property {Entry[]} jumps Moves of the clock.
 * @property {number} version Counts the changes.
 */

/** @returns {Model} */
export function createModel() {
  return {
    run: "",
    entry: 0,
    firstEntry: 1,
    settings: {},
    counts: {},
    clock: { now: 0, running: false, speed: 1 },
    clockAt: 0,
    senders: [],
    registrations: [],
    registered: 0,
    templates: [],
    rules: [],
    due: { count: 0, next: null },
    customers: new Map(),
    entries: new Map(),
    log: [],
    messages: new Map(),
    deliveries: new Map(),
    threads: new Map(),
    jumps: [],
    version: 0,
  };
}

/** The verbs with which a customer writes: each stands in the conversation as a bubble. */
const WRITES = new Set(["says", "sends", "shares_location", "taps", "picks"]);

/** The verbs that stand in the conversation as a note. */
const NOTES = new Set(["opts_out", "opts_in", "open_window", "close_window", "changes_phone"]);

/** @param {Entry} entry */
export const isWritten = (entry) => entry.what === "act" && WRITES.has(entry.name);

/**
 * Take the first state, a page of the whole timeline, or an update of the stream.
 * @param {Model} model
 * @param {any} update
 * @param {number} at `performance.now()`
 */
export function reduce(model, update, at) {
  const { clock, customers = [], timeline = [] } = update;
  const fields = ["run", "firstEntry", "settings", "counts", "senders", "registrations", "templates", "rules", "due"];
  for (const field of fields) if (update[field] !== undefined) Object.assign(model, { [field]: update[field] });
  if (clock) Object.assign(model, { clock, clockAt: at });
  for (const customer of customers) addCustomer(model, customer);
  addEntries(model, timeline);
  for (const entry of timeline) insert(model.log, entry);
  model.entry = Math.max(model.entry, update.entry ?? 0, model.log.at(-1)?.entry ?? 0);
  model.version += 1;
}

/** Take a customer, and what belonged to others who turned out to be the same. @param {Model} model @param {Customer} customer */
function addCustomer(model, customer) {
  model.customers.set(customer.number, customer);
  const thread = getThread(model, customer.number);
  for (const number of customer.mergedNumbers) {
    const { items, edits, reactions } = getThread(model, number);
    for (const entry of items) insert(thread.items, entry);
    for (const entry of edits) insert(thread.edits, entry);
    for (const entry of reactions) insert(thread.reactions, entry);
    model.threads.delete(number);
    model.customers.delete(number);
  }
}

/**
 * Take entries that leave gaps, such as those of one customer.
 * @param {Model} model
 * @param {Entry[]} entries
 */
export function addEntries(model, entries) {
  for (const entry of entries) {
    if (!model.entries.has(entry.entry)) addEntry(model, entry);
  }
  model.version += 1;
}

/** @param {Model} model @param {Entry} entry */
function addEntry(model, entry) {
  model.entries.set(entry.entry, entry);
  const thread = entry.customer == null ? null : getThread(model, entry.customer);
  if (thread) thread.last = Math.max(thread.last, entry.entry);
  if (entry.name === "register" || entry.path?.endsWith("/create/webhooks")) {
    model.registered = Math.max(model.registered, entry.entry);
  }
  if (entry.what === "delivery") {
    const isInbound = entry.topic === "messages" && !entry.event?.message?.isEcho;
    if (thread && isInbound) thread.told = Math.max(thread.told, entry.cause ?? 0);
    if (entry.cause != null)
      insert(
        getOrAdd(model.deliveries, entry.cause, () => []),
        entry,
      );
    if (entry.messageId) insert(getMessage(model, entry.messageId).deliveries, entry);
  } else if (entry.what === "status") {
    insert(getMessage(model, entry.messageId).statuses, entry);
  } else if (entry.what === "request") {
    if (entry.messageId) getMessage(model, entry.messageId).request = entry;
    if (thread && (entry.messageId || entry.status === 0 || entry.status >= 400)) insert(thread.items, entry);
  } else if (entry.name === "advance") {
    insert(model.jumps, entry);
  } else if (thread && entry.name === "edits") {
    insert(thread.edits, entry);
  } else if (thread && entry.name === "reacts") {
    insert(thread.reactions, entry);
  } else if (thread && (isWritten(entry) || NOTES.has(entry.name))) {
    insert(thread.items, entry);
  }
}

/** Insert into an ascending list; nearly always at its end. @param {Entry[]} list @param {Entry} entry */
function insert(list, entry) {
  const isLast = (list.at(-1)?.entry ?? -1) < entry.entry;
  const index = isLast ? list.length : list.findIndex((other) => other.entry >= entry.entry);
  if (list[index]?.entry !== entry.entry) list.splice(index, 0, entry);
}

/** @template K, V @param {Map<K, V>} map @param {K} key @param {() => V} create @returns {V} */
function getOrAdd(map, key, create) {
  const value = map.get(key) ?? create();
  map.set(key, value);
  return value;
}

/** @param {Model} model @param {string} id @returns {Message} */
export function getMessage(model, id) {
  return getOrAdd(model.messages, id, () => ({ id, request: null, statuses: [], deliveries: [] }));
}

/** @param {Model} model @param {number} customer @returns {Thread} */
export function getThread(model, customer) {
  const create = () => ({ items: [], edits: [], reactions: [], seen: 0, from: null, last: 0, told: 0 });
  return getOrAdd(model.threads, customer, create);
}

/** The sandbox's time at the moment `at`. @param {Model} model @param {number} at `performance.now()` */
export function getNow({ clock, clockAt }, at) {
  return clock.running ? clock.now + ((at - clockAt) / 1000) * clock.speed : clock.now;
}

/** @param {Customer | undefined} customer */
export const getName = (customer) => customer?.name || customer?.phone || customer?.bsuid || "Customer";

/** The id by which verbs name the customer. @param {Customer} customer */
export const getId = (customer) => customer.phone ?? customer.bsuid ?? "";

/**
 * How far a message of the bot came.
 * @param {Model} model
 * @param {string} id
 * @returns {{state: "accepted" | "sent" | "delivered" | "read" | "failed", code: string}}
 */
export function getLife(model, id) {
  const { statuses } = getMessage(model, id);
  const failure = statuses.find(({ status }) => status === "delivery_failed");
  if (failure) return { state: "failed", code: failure.code ?? "" };
  const reached = /** @type {const} */ (["read", "delivered", "sent"]);
  const state = reached.find((name) => statuses.some(({ status }) => status === name));
  return { state: state ?? "accepted", code: "" };
}

/** Messages that the customer neither read nor saw here. @param {Model} model @param {number} customer */
export function countUnread(model, customer) {
  const { items, seen } = getThread(model, customer);
  let count = 0;
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const entry = items[index];
    if (!entry || entry.entry <= seen) break;
    if (entry.messageId && !["read", "failed"].includes(getLife(model, entry.messageId).state)) count += 1;
  }
  return count;
}

/** Customers, the latest active first. @param {Model} model */
export function listCustomers(model) {
  const getLast = (/** @type {Customer} */ { number }) => model.threads.get(number)?.last ?? 0;
  return [...model.customers.values()].sort((a, b) => getLast(b) - getLast(a) || b.number - a.number);
}

/**
 * The last `limit` lines of a conversation, with the days and the moves of the clock between them.
 * @param {Model} model
 * @param {number} customer
 * @param {number} limit
 * @returns {Item[]}
 */
export function listItems(model, customer, limit) {
  const { items } = getThread(model, customer);
  const shown = items.slice(-limit);
  const first = shown[0]?.entry ?? Infinity;
  const all = [...shown, ...model.jumps.filter(({ entry }) => entry > first)].sort((a, b) => a.entry - b.entry);
  /** @type {Item[]} */
  const lines = [];
  let day = "";
  let now = all[0]?.at ?? 0;
  for (const entry of all) {
    // By a clock that runs, or moves until nothing is due.
    if (entry.at - now >= ONE_HOUR) addJump(lines, entry.at - now, lines.at(-1)?.entry ?? entry);
    const seconds = entry.name === "advance" ? countSeconds(entry.arguments) : 0;
    now = Math.max(now, entry.at + seconds);
    if (seconds) {
      addJump(lines, seconds, entry);
      continue;
    }
    const today = new Date(entry.at * 1000).toDateString();
    if (today !== day) lines.push({ key: `day ${entry.entry}`, kind: "day", entry, seconds: 0 });
    day = today;
    lines.push({ key: `${entry.entry}`, kind: getKind(entry), entry, seconds });
  }
  return lines.filter(({ kind, seconds }) => kind !== "jump" || seconds >= 1);
}

const ONE_HOUR = 3600;

/** @param {Item[]} lines @param {number} seconds @param {Entry} entry When it began. */
function addJump(lines, seconds, entry) {
  const last = lines.at(-1);
  if (last?.kind === "jump") last.seconds += seconds;
  else lines.push({ key: `jump ${entry.entry}`, kind: "jump", entry, seconds });
}

/** @param {Entry} entry */
function getKind(entry) {
  if (entry.what === "request") return entry.messageId ? "sent" : "refused";
  return isWritten(entry) ? "written" : "note";
}

/** @param {Record<string, number>} given The arguments of `advance`. */
export function countSeconds({ seconds = 0, minutes = 0, hours = 0, days = 0 }) {
  return seconds + 60 * minutes + 3600 * hours + 86_400 * days;
}

/** The edits of a customer's text; one that names no message is of the latest text. @param {Thread} thread @param {Entry} act */
export function getEdits({ edits, items }, act) {
  return edits.filter((edit) => {
    const { message } = edit.arguments;
    if (message) return message === act.id;
    return items.findLast((item) => item.name === "says" && item.entry < edit.entry) === act;
  });
}

/** The reaction to a message that counts, the latest. @param {Thread} thread @param {Entry} request */
export function getReaction({ reactions, items }, request) {
  return reactions.findLast((reaction) => {
    const { message } = reaction.arguments;
    if (message) return message === request.messageId;
    return items.findLast((item) => item.messageId && item.entry < reaction.entry) === request;
  });
}

/** Whether the sandbox has entries of this customer that are not loaded. @param {Model} model @param {number} customer */
export function hasOlder(model, customer) {
  const loaded = getThread(model, customer).from ?? model.log[0]?.entry ?? 0;
  return loaded > model.firstEntry;
}

/** The selected customer. @param {{model: Model, view: {customer: number | null}}} app */
export function getSelected({ model, view }) {
  const { customer } = view;
  if (customer === null) return undefined;
  return (
    model.customers.get(customer) ?? [...model.customers.values()].find((one) => one.mergedNumbers.includes(customer))
  );
}
