// Native dialogs: focus goes in and comes back, Esc closes, and a refusal stands at the field that it names.

import { fill, find, h, showText } from "./dom.js";
import { getId, getName, reduce } from "./model.js";

/** @typedef {import("./main.js").App} App */
/** @typedef {import("./model.js").Customer} Customer */
/** @typedef {import("./dom.js").Child} Child */
/** @typedef {Record<string, string>} Values */
/** @typedef {[HTMLElement[], (values: Values) => Promise<string | null>]} Kind */

/** @param {string} title @param {...Child} content @returns A dialog, which leaves the page when it closes. */
export function openDialog(title, ...content) {
  const close = h(
    "button",
    { type: "button", class: "close plain", "aria-label": "Close", onclick: () => dialog.close() },
    "×",
  );
  const dialog = h("dialog", { "aria-labelledby": "dialog-title", onclose: () => dialog.remove() });
  dialog.append(h("h2", { id: "dialog-title" }, title), h("div", { class: "dialog-body" }, ...content), close);
  // A click on the backdrop has the dialog itself as its target.
  dialog.addEventListener("mousedown", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  // Not on the button that closes it again.
  /** @type {HTMLElement | null} */ (dialog.querySelector(".dialog-body :is(input, select, .menu button)"))?.focus();
  return dialog;
}

/**
 * Build a labelled field with room for what the sandbox says about it.
 * @param {string} label
 * @param {Record<string, unknown>} props Those of the input; with `options` it is a choice.
 * @param {string} [hint]
 */
export function buildField(label, { options, ...props }, hint) {
  const id = `field-${props.name}`;
  const all = { id, autocomplete: "off", spellcheck: "false", "aria-describedby": `${id}-hint`, ...props };
  const choices = /** @type {string[][] | undefined} */ (options);
  const input = choices
    ? h(
        "select",
        all,
        choices.map(([value, text]) => h("option", { value }, text)),
      )
    : h("input", all);
  return h("p", { class: "field" }, h("label", { for: id }, label), input, h("small", { id: `${id}-hint` }, hint));
}

/**
 * Build a form that stays open, with the reason at its field, as long as the sandbox refuses.
 * @param {Child[]} content
 * @param {string} action The text of its button.
 * @param {(values: Values) => Promise<string | null>} submit Resolves to a problem, or null.
 */
function buildForm(content, action, submit) {
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "primary" }, action);
  const cancel = h("button", { type: "button", onclick: () => form.closest("dialog")?.close() }, "Cancel");
  const form = h("form", { novalidate: true }, ...content, problem, h("p", { class: "actions" }, button, cancel));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = [...new FormData(form)].map(([name, value]) => [name, typeof value === "string" ? value.trim() : ""]);
    button.disabled = true;
    const found = await submit(Object.fromEntries(given));
    button.disabled = false;
    if (found === null) form.closest("dialog")?.close();
    else showProblem(form, problem, found);
  });
  return form;
}

/** @param {HTMLFormElement} form @param {HTMLElement} place @param {string} problem Perhaps "phone: must be …". */
function showProblem(form, place, problem) {
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  const [, name = "", rest = ""] = /^(\w+): (.*)$/s.exec(problem) ?? [];
  const input = form.elements.namedItem(name);
  fill(place, showText(input ? rest : problem));
  if (!(input instanceof HTMLElement)) return;
  input.setAttribute("aria-invalid", "true");
  input.closest(".field")?.append(place);
  input.focus();
}

/**
 * Call a verb for a form.
 * @param {App} app @param {string} verb @param {Record<string, unknown>} body
 * @returns {Promise<string | null>} The problem, or null.
 */
export async function submitVerb(app, verb, body) {
  /** @type {string | null} */
  let problem = null;
  await app.verbs.post(verb, body, (found) => {
    problem = found;
  });
  return problem;
}

/** @param {App} app Adds a customer, and opens the conversation. */
export function openNewCustomer(app) {
  const fields = [
    buildField("Phone", { name: "phone", type: "tel", placeholder: "+16044441111" }),
    buildField("BSUID", { name: "bsuid", placeholder: "US.13491208655302741918" }, "Phone, BSUID, or both"),
    buildField("Name", { name: "name", placeholder: "Ann Okafor" }, "Optional, as events show it"),
  ];
  const form = buildForm(fields, "Add customer", async (values) => {
    const problem = await submitVerb(app, "customer", values);
    if (problem === null) await selectCustomer(app, values.phone || values.bsuid);
    return problem;
  });
  openDialog("New customer", form);
}

/** @param {App} app @param {string | undefined} id Of a customer that the stream may not have brought yet. */
async function selectCustomer(app, id) {
  const state = await app.verbs.get("state");
  const found = state?.customers.find((/** @type {Customer} */ one) => one.phone === id || one.bsuid === id);
  if (found) {
    reduce(app.model, { customers: [found] }, performance.now());
    app.select({ customer: found.number, tab: "chat" });
  }
  // After the dialog has given the focus back.
  setTimeout(() => find("field").focus());
}

/**
 * Pick a row of a list message.
 * @param {App} app
 * @param {Customer} customer
 * @param {string} message Its id.
 * @param {string} title
 * @param {{title: string, rows: {id: string, text: string, description: string}[]}[]} sections
 */
export function openList(app, customer, message, title, sections) {
  /** @param {{id: string, text: string, description: string}} row */
  const buildRow = ({ id, text, description }) => {
    const input = h("input", { type: "radio", name: "row", value: id || text });
    const words = h("span", null, showText(text), description && h("small", null, showText(description)));
    return h("label", { class: "row" }, input, words);
  };
  const choices = sections.map(({ title, rows }) =>
    h("fieldset", null, title && h("legend", null, showText(title)), rows.map(buildRow)),
  );
  const form = buildForm(choices, "Send", async ({ row }) =>
    row ? submitVerb(app, "picks", { customer: getId(customer), message, row }) : "Pick a row",
  );
  openDialog(showText(title), form);
}

/** @param {App} app @param {Customer} customer Opens what can be done to the customer. */
export function openCustomerMenu(app, customer) {
  const id = getId(customer);
  /** @param {string} label @param {string} hint @param {() => void} run */
  const offer = (label, hint, run) => {
    const choose = () => {
      dialog.close();
      run();
    };
    return h("button", { type: "button", class: "plain", onclick: choose }, label, h("small", null, hint));
  };
  /** @param {string} verb @param {Record<string, unknown>} [more] */
  const call = (verb, more) => () => app.verbs.post(verb, { customer: id, ...more });
  const fail = () => app.verbs.post("fault", { what: "fail_delivery", next: 1, recipient: id });
  const items = [
    customer.optedOut
      ? offer("Opt in", "Templates reach the customer again", call("opts_in"))
      : offer("Opt out", "Templates are refused", call("opts_out")),
    offer("Open the window", "As if the customer had just written", call("open_window")),
    offer("Close the window", "Only templates reach the customer", call("close_window")),
    offer("The next message fails", "It is accepted, and its delivery fails", fail),
    offer("Change phone …", "The old number is closed", () => openPhoneChange(app, id)),
  ];
  const dialog = openDialog(showText(getName(customer)), h("div", { class: "menu" }, items));
}

/** @param {App} app @param {string} customer */
function openPhoneChange(app, customer) {
  const field = buildField("New phone", { name: "phone", type: "tel", placeholder: "+16044442222" });
  const form = buildForm([field], "Change", (values) => submitVerb(app, "changes_phone", { customer, ...values }));
  openDialog("Change phone", form);
}

/**
 * Send a file, the address of one, or a location.
 * @param {App} app
 * @param {Customer} customer
 * @param {string | null} sender The business's number to write to.
 */
export function openAttachments(app, customer, sender) {
  const to = { customer: getId(customer), sender };
  const file = h("input", { id: "field-file", name: "file", type: "file" });
  const caption = buildField("Caption", { name: "caption" }, "Optional; audio takes none");
  const types = ["image", "video", "audio", "document"].map((type) => [type, type]);
  /** @satisfies {Record<string, Kind>} */
  const kinds = {
    File: [
      [h("p", { class: "field" }, h("label", { for: "field-file" }, "File"), file), caption],
      (values) => submitFile(app, file.files?.[0], { ...to, ...values }),
    ],
    Address: [
      [
        buildField("Type", { name: "type", options: types }),
        buildField("URL", { name: "url", type: "url", placeholder: "https://example.com/cat.png" }),
        caption,
      ],
      (values) => submitVerb(app, "sends", { ...to, ...values }),
    ],
    Location: [
      [
        buildField("Latitude", { name: "latitude", inputmode: "decimal", value: "49.2827" }),
        buildField("Longitude", { name: "longitude", inputmode: "decimal", value: "-123.1207" }),
        buildField("Name", { name: "name" }, "Optional"),
        buildField("Street address", { name: "address" }, "Optional"),
      ],
      ({ latitude, longitude, ...rest }) => {
        const place = { latitude: readNumber(latitude), longitude: readNumber(longitude) };
        return submitVerb(app, "shares_location", { ...to, ...place, ...rest });
      },
    ],
  };
  let [fields, submit] = /** @type {Kind} */ (kinds.File);
  const place = h("div", null, fields);
  const choices = Object.entries(kinds).map(([name, kind]) => {
    const choose = () => {
      [fields, submit] = kind;
      fill(place, fields);
    };
    const checked = name === "File";
    return h("label", { class: "check" }, h("input", { type: "radio", name: "kind", checked, onchange: choose }), name);
  });
  const group = h("div", { class: "actions", role: "radiogroup", "aria-label": "What to send" }, choices);
  openDialog(
    "Send an attachment",
    buildForm([group, place], "Send", ({ kind: _, ...values }) => submit(values)),
  );
}

/** @param {App} app @param {File | undefined} file @param {Record<string, unknown>} body */
async function submitFile(app, file, { file: _, ...body }) {
  let problem = "file: choose one";
  const kept =
    file &&
    (await app.verbs.upload(file, (found) => {
      problem = `file: ${found}`;
    }));
  if (!kept) return problem;
  const type = /^(image|video|audio)\//.exec(kept.type)?.[1] ?? "document";
  return submitVerb(app, "sends", { ...body, type, url: kept.url, filename: type === "document" ? kept.name : null });
}

/** @param {string | undefined} text @returns What is no number goes as it is, to be refused with the reason. */
const readNumber = (text) => (text && !Number.isNaN(Number(text)) ? Number(text) : text);

/** @param {App} app Asks before everything is forgotten. */
export function openReset(app) {
  const text = "Customers, messages, registrations, faults and the log are forgotten. Ids begin anew.";
  const form = buildForm([h("p", null, text)], "Reset the sandbox", () => submitVerb(app, "reset", {}));
  openDialog("Reset the sandbox?", form);
  /** @type {HTMLElement | null} */ (form.querySelector("button[type]"))?.focus(); // Cancel.
}
