// The faults: a switch for each kind, and the rules that are set, with how often each has matched.

import { buildField, openDialog, submitVerb } from "./dialogs.js";
import { fill, find, h, reconcile, showText } from "./dom.js";
import { getId, getName } from "./model.js";
import { describeRule, join } from "./words.js";

/** @typedef {import("./main.js").App} App */
/** @typedef {import("./model.js").Rule} Rule */
/** @typedef {{name: string, label: string, value?: string, inputmode?: string, type?: string}} Option */

/** @type {(value: string) => Option} */
const status = (value) => ({ name: "status", label: "Status", inputmode: "numeric", value });
/** @type {(value: string) => Option} */
const seconds = (value) => ({ name: "seconds", label: "Seconds", inputmode: "decimal", value });
/** @type {(value: string) => Option} */
const code = (value) => ({ name: "code", label: "Code", value: `ERROR_CODE_${value}` });
/** @type {Option} */
const accepted = { name: "accepted", label: "accepted", type: "checkbox" };

/**
 * What can go wrong, in groups: the kind, its name, what it does, and its options.
 * @type {Record<string, [string, string, string, ...Option[]][]>}
 */
const GROUPS = {
  Requests: [
    ["server_error", "Server error", "5xx", status("500"), accepted],
    ["refuse", "Refusal", "Of your choice", status("400"), code("UNSPECIFIED")],
    ["rate_limited", "Rate limit", "429", { name: "retry_after", label: "Retry-After", value: "2" }],
    ["reset", "Connection reset", "Nothing is accepted"],
    ["drop", "Answer lost", "Accepted, but nobody says so"],
    ["hang", "No answer", "Until the client gives up", accepted],
    ["slow_head", "Slow answer", "Real seconds", seconds("5")],
    ["slow_body", "Slow body", "Real seconds", seconds("5")],
    ["cut_off", "Answer cut off", "The connection ends in the middle"],
    ["truncated", "Half the JSON", "Accepted"],
    ["wrong_types", "Wrong types", "Accepted"],
    ["new_values", "New values", "Accepted, with values nobody knows"],
    ["nulls", "Nulls", "Accepted"],
  ],
  Webhooks: [
    ["duplicate_webhook", "Twice", "The same event again"],
    ["drop_webhook", "Lost", "It never arrives"],
    ["delay_webhook", "Late", "Seconds of this clock", seconds("30")],
    ["reorder_webhook", "Out of order", "After the next one"],
    ["bad_signature", "Bad signature", "The bot should refuse it"],
    ["unknown_topic", "Unknown topic", "One of tomorrow"],
  ],
  Messages: [
    ["fail_delivery", "Delivery fails", "Accepted, then failed", code("MESSAGE_UNDELIVERABLE")],
    ["early_webhook", "Status first", "Before the answer to the request"],
  ],
};

/** @param {App} app */
export function mountFaults(app) {
  const count = h("span", { class: "badge count" });
  const opener = h("button", { type: "button", "aria-haspopup": "dialog", onclick: open }, "Faults", count);
  let drawDialog = () => {};
  find("faults").append(opener);

  function open() {
    drawDialog = openFaults(app, () => {
      drawDialog = () => {};
    });
    drawDialog();
  }

  return () => {
    const active = app.model.rules.filter((rule) => !rule.isUsedUp).length;
    fill(count, active);
    count.hidden = active === 0;
    opener.setAttribute("aria-label", active ? `Faults: ${active} set` : "Faults");
    drawDialog();
  };
}

/** @param {App} app @param {() => void} onclose @returns What draws the dialog. */
function openFaults(app, onclose) {
  const customer = app.model.customers.get(app.view.customer ?? -1);
  const choices = ["the next", "every", "always"].map((text) => [text.replace("the ", ""), text]);
  const times = buildField("How often", { name: "times", options: choices });
  const number = buildField("Count", { name: "number", inputmode: "numeric", value: 1 });
  const only = customer && buildCheck("recipient", `only ${showText(getName(customer))}`, getId(customer));
  /** @type {Map<string, HTMLElement>} */
  const switches = new Map();
  const groups = Object.entries(GROUPS).map(([title, faults]) =>
    h(
      "fieldset",
      null,
      h("legend", null, title),
      faults.map(([...fault]) => buildFault(...fault)),
    ),
  );
  const problem = h("p", { class: "problem", role: "alert" });
  const rules = h("ul", { class: "rules" });
  const clear = h("button", { type: "button", onclick: () => app.verbs.post("clear_faults") }, "Remove all");
  const options = h("div", { class: "times" }, times, number, only);
  const form = h("form", null, rules, clear, options, problem, h("div", { class: "fault-groups" }, groups));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    number.hidden = getValue("times") === "always";
  });
  const dialog = openDialog("Faults", form);
  dialog.classList.add("wide");
  dialog.addEventListener("close", onclose);

  /** @param {string} what @param {string} name @param {string} hint @param {...Option} given */
  function buildFault(what, name, hint, ...given) {
    const props = { type: "button", role: "switch", class: "plain", onclick: () => toggle(what, given) };
    const button = h("button", props, h("span", null, name, h("small", null, hint)));
    switches.set(what, button);
    const inputs = given.map(({ name: option, label, ...rest }) => {
      const full = `${what}.${option}`;
      if (rest.type) return buildCheck(full, label, "true");
      return h("input", { name: full, "aria-label": `${name}: ${label}`, title: label, ...rest });
    });
    return h("div", { class: "fault" }, button, inputs);
  }

  /** @param {string} what @param {Option[]} given */
  async function toggle(what, given) {
    const active = app.model.rules.filter((rule) => rule.what === what && !rule.isUsedUp);
    for (const rule of active) await app.verbs.removeRule(rule.number);
    if (active.length) return;
    const often = getValue("times") ?? "next";
    /** @type {Record<string, unknown>} */
    const rule = { what, recipient: getValue("recipient") };
    if (often !== "always") rule[often] = Number(getValue("number"));
    for (const { name, type, inputmode } of given) {
      const value = getValue(`${what}.${name}`);
      rule[name] = type ? value && true : value && inputmode ? Number(value) : value;
    }
    fill(problem, showText((await submitVerb(app, "fault", rule)) ?? ""));
  }

  /** @param {string} name @returns {string | null} */
  const getValue = (name) => /** @type {string | null} */ (new FormData(form).get(name));

  /** @param {Rule} rule */
  function buildRule(rule) {
    const remove = () => app.verbs.removeRule(rule.number);
    const label = `Remove ${describeRule(rule)}`;
    const button = h("button", { type: "button", "aria-label": label, onclick: remove }, "Remove");
    return h("li", null, h("span", null, describeUse(rule)), button);
  }

  return () => {
    const set = app.model.rules;
    for (const [what, button] of switches) {
      const isOn = set.some((rule) => rule.what === what && !rule.isUsedUp);
      button.setAttribute("aria-checked", String(isOn));
    }
    reconcile(
      rules,
      set,
      (rule) => rule.number,
      buildRule,
      ({ firstElementChild: text }, rule) => {
        if (text) fill(text, describeUse(rule));
      },
    );
    clear.hidden = set.length < 2;
  };
}

/** @param {Rule} rule */
const describeUse = (rule) =>
  join(describeRule(rule), rule.matches === 1 ? "1 match" : `${rule.matches} matches`, rule.isUsedUp && "used up");

/** @param {string} name @param {string} label @param {string} value */
const buildCheck = (name, label, value) =>
  h("label", { class: "check" }, h("input", { type: "checkbox", name, value }), label);
