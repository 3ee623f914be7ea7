// The faults: a switch for each kind, and the rules that are set, with how often each has matched.

import { buildField, openDialog } from "./dialogs.js";
import { fill, find, h, reconcile, showText } from "./dom.js";
import { getId, getName } from "./model.js";
import { describeRule, join } from "./words.js";

/** @typedef {import("./main.js").App} App */
/** @typedef {import("./model.js").Rule} Rule */

const STATUS = { name: "status", label: "Status", value: "500", inputmode: "numeric" };
const SECONDS = { name: "seconds", label: "Seconds", value: "5", inputmode: "numeric" };
const CODE = { name: "code", label: "Code", value: "ERROR_CODE_UNSPECIFIED" };
const ACCEPTED = { name: "accepted", label: "accepted", type: "checkbox" };

/**
 * What can go wrong, in groups: the kind, its name, what it does, and its options.
 * @type {[string, [string, string, string, ...Record<string, string>[]][]][]}
 */
const GROUPS = [
  [
    "Requests",
    [
      ["server_error", "Server error", "The service fails", STATUS, ACCEPTED],
      ["refuse", "Refusal", "Of your choice", { ...STATUS, value: "400" }, CODE],
      [
        "rate_limited",
        "Rate limit",
        "429",
        { name: "retry_after", label: "Retry-After", value: "2", inputmode: "numeric" },
      ],
      ["reset", "Connection reset", "Nothing is accepted"],
      ["drop", "Answer lost", "Accepted, but nobody says so"],
      ["hang", "No answer", "Until the client gives up", ACCEPTED],
      ["slow_head", "Slow answer", "Real seconds", SECONDS],
      ["slow_body", "Slow body", "Real seconds", SECONDS],
      ["cut_off", "Answer cut off", "The connection ends in the middle"],
      ["truncated", "Half the JSON", "Accepted"],
      ["wrong_types", "Wrong types", "Accepted"],
      ["new_values", "New values", "Accepted, with values nobody knows"],
      ["nulls", "Nulls", "Accepted"],
    ],
  ],
  [
    "Webhooks",
    [
      ["duplicate_webhook", "Twice", "The same event again"],
      ["drop_webhook", "Lost", "It never arrives"],
      ["delay_webhook", "Late", "Seconds of this clock", { ...SECONDS, value: "30" }],
      ["reorder_webhook", "Out of order", "After the next one"],
      ["bad_signature", "Bad signature", "The bot should refuse it"],
      ["unknown_topic", "Unknown topic", "One of tomorrow"],
    ],
  ],
  [
    "Messages",
    [
      [
        "fail_delivery",
        "Delivery fails",
        "Accepted, then failed",
        { ...CODE, value: "ERROR_CODE_MESSAGE_UNDELIVERABLE" },
      ],
      ["early_webhook", "Status first", "Before the answer to the request"],
    ],
  ],
];

/** @param {App} app */
export function mountFaults(app) {
  const count = h("span", { class: "count" });
  const opener = h("button", { type: "button", "aria-haspopup": "dialog", onclick: open }, "Faults ", count);
  find("faults").append(opener);
  /** @type {(() => void) | null} */
  let drawDialog = null;

  function open() {
    const dialog = openFaults(app);
    drawDialog = dialog.draw;
    dialog.element.addEventListener("close", () => {
      drawDialog = null;
    });
    dialog.draw();
  }

  return () => {
    const active = app.model.rules.filter((rule) => !rule.isUsedUp).length;
    fill(count, active || "");
    count.hidden = active === 0;
    opener.setAttribute("aria-label", active ? `Faults: ${active} set` : "Faults");
    drawDialog?.();
  };
}

/** @param {App} app */
function openFaults(app) {
  const customer = app.model.customers.get(app.view.customer ?? -1);
  const times = buildField("How often", {
    name: "times",
    options: [
      ["next", "the next"],
      ["every", "every"],
      ["always", "always"],
    ],
    onchange: () => {
      number.hidden = getValue(form, "times") === "always";
    },
  });
  const number = buildField("Count", { name: "number", inputmode: "numeric", value: 1 });
  const only = customer && buildCheck("recipient", `only ${showText(getName(customer))}`, getId(customer));
  /** @type {Map<string, HTMLElement>} */
  const switches = new Map();
  const groups = GROUPS.map(([title, faults]) =>
    h(
      "fieldset",
      null,
      h("legend", null, title),
      faults.map(([what, label, note, ...options]) => {
        const button = h(
          "button",
          { type: "button", role: "switch", "aria-checked": "false", onclick: () => toggle(what, options) },
          h("span", null, label, h("small", null, note)),
        );
        switches.set(what, button);
        return h(
          "div",
          { class: "fault" },
          button,
          options.map((option) => buildOption(what, label, option)),
        );
      }),
    ),
  );
  const problem = h("p", { class: "problem", role: "alert" });
  const rules = h("ul", { class: "rules" });
  const clear = h("button", { type: "button", onclick: () => app.verbs.post("clear_faults") }, "Remove all");
  const form = h(
    "form",
    { onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
    h("div", { class: "set" }, rules, clear),
    h("div", { class: "times" }, times, number, only),
    problem,
    h("div", { class: "fault-groups" }, groups),
  );
  const element = openDialog("Faults", form);
  element.classList.add("wide");

  /** @param {string} what @param {Record<string, string>[]} options */
  async function toggle(what, options) {
    fill(problem);
    const active = app.model.rules.filter((rule) => rule.what === what && !rule.isUsedUp);
    if (active.length) {
      for (const rule of active) await app.verbs.removeRule(rule.number);
      return;
    }
    /** @type {Record<string, unknown>} */
    const rule = { what, recipient: getValue(form, "recipient") };
    const often = getValue(form, "times") ?? "next";
    if (often !== "always") rule[often] = Number(getValue(form, "number"));
    for (const { name = "", type, inputmode } of options) {
      const value = getValue(form, `${what}.${name}`);
      rule[name] = type === "checkbox" ? value !== null || null : inputmode && value ? Number(value) : value;
    }
    await app.verbs.post("fault", rule, (/** @type {string} */ found) => fill(problem, showText(found)));
  }

  function draw() {
    const { rules: set } = app.model;
    for (const [what, button] of switches) {
      const isOn = set.some((rule) => rule.what === what && !rule.isUsedUp);
      button.setAttribute("aria-checked", String(isOn));
    }
    reconcile(
      rules,
      set,
      (rule) => rule.number,
      buildRule,
      (element, rule) => {
        const text = element.querySelector("span");
        if (text) fill(text, describeUse(rule));
        element.classList.toggle("quiet", rule.isUsedUp);
      },
    );
    clear.hidden = set.length < 2;
  }

  /** @param {Rule} rule */
  function buildRule(rule) {
    const remove = () => app.verbs.removeRule(rule.number);
    const button = h(
      "button",
      { type: "button", "aria-label": `Remove ${describeRule(rule)}`, onclick: remove },
      "Remove",
    );
    return h("li", { class: rule.isUsedUp ? "quiet" : null }, h("span", null, describeUse(rule)), button);
  }

  return { element, draw };
}

/** @param {Rule} rule */
const describeUse = (rule) =>
  join(describeRule(rule), rule.matches === 1 ? "1 match" : `${rule.matches} matches`, rule.isUsedUp && "used up");

/** @param {string} what @param {string} label @param {Record<string, string>} option */
function buildOption(what, label, { name = "", label: option = "", ...props }) {
  const full = `${what}.${name}`;
  if (props.type === "checkbox") return buildCheck(full, option, "true");
  return h("input", { name: full, "aria-label": `${label}: ${option}`, title: option, class: name, ...props });
}

/** @param {string} name @param {string} label @param {string} value */
const buildCheck = (name, label, value) =>
  h("label", { class: "check" }, h("input", { type: "checkbox", name, value }), label);

/** @param {HTMLFormElement} form @param {string} name @returns {string | null} */
const getValue = (form, name) => /** @type {string | null} */ (new FormData(form).get(name));
