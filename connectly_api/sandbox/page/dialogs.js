// Native dialogs: focus goes in and comes back, Esc closes, and a refusal stands at the field that it names.

import { fill, find, h, showText } from "./dom.js";
import { getId, getName } from "./model.js";

/** @typedef {import("./main.js").App} App */
/** @typedef {import("./model.js").Customer} Customer */
/** @typedef {Record<string, string>} Values */

/**
 * Open a dialog, which leaves the page when it closes.
 * @param {string} title
 * @param {...import("./dom.js").Child} content
 */
export function openDialog(title, ...content) {
  const close = h(
    "button",
    { type: "button", class: "close", "aria-label": "Close", onclick: () => dialog.close() },
    "×",
  );
  const heading = h("h2", { id: "dialog-title" }, title);
  const dialog = h("dialog", { "aria-labelledby": "dialog-title", onclose: () => dialog.remove() });
  dialog.append(h("header", null, heading, close), h("div", { class: "dialog-body" }, ...content));
  // A click on the backdrop has the dialog itself as its target.
  dialog.addEventListener("mousedown", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Build a labelled field with room for what the sandbox says about it.
 * @param {string} label
 * @param {Record<string, unknown>} props Those of the input; `options` makes it a choice.
 * @param {string} [hint]
 */
export function buildField(label, props, hint) {
  const { options, ...rest } = props;
  const id = `field-${props.name}`;
  const all = { id, autocomplete: "off", spellcheck: "false", "aria-describedby": `${id}-hint`, ...rest };
  const choices = /** @type {[string, string][] | undefined} */ (options);
  const input = choices
    ? h(
        "select",
        all,
        choices.map(([value, text]) => h("option", { value }, text)),
      )
    : h("input", all);
  const hintLine = h("small", { id: `${id}-hint`, class: "hint" }, hint);
  return h("p", { class: "field" }, h("label", { for: id }, label), input, hintLine);
}

/**
 * Build a form that stays open, with the reason at its field, as long as the sandbox refuses.
 * @param {import("./dom.js").Child[]} content
 * @param {string} action The text of its button.
 * @param {(values: Values, form: HTMLFormElement) => Promise<string | null>} submit Resolves to a problem, or null.
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
    const found = await submit(Object.fromEntries(given), form);
    button.disabled = false;
    if (found === null) form.closest("dialog")?.close();
    else showProblem(form, problem, found);
  });
  return form;
}

/** @param {HTMLFormElement} form @param {HTMLElement} place @param {string} problem Perhaps "phone: must be …". */
function showProblem(form, place, problem) {
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  const [, name, rest] = /^(\w+): (.*)$/s.exec(problem) ?? [];
  const input = name === undefined ? null : form.elements.namedItem(name);
  fill(place, showText(input && rest ? rest : problem));
  if (input instanceof HTMLElement) {
    input.setAttribute("aria-invalid", "true");
    input.closest(".field")?.append(place);
    input.focus();
  }
}

/**
 * Call a verb for a form.
 * @param {App} app @param {string} verb @param {Record<string, unknown>} body
 * @returns {Promise<string | null>} The problem, or null.
 */
export async function submitVerb(app, verb, body) {
  let problem = "The sandbox cannot be reached";
  const answer = await app.verbs.post(verb, body, (/** @type {string} */ found) => {
    problem = found;
  });
  return answer === null ? problem : null;
}

/** @param {App} app Declares a customer, and opens the conversation. */
export function openNewCustomer(app) {
  const fields = [
    buildField("Phone", { name: "phone", type: "tel", placeholder: "+16044441111" }),
    buildField("BSUID", { name: "bsuid", placeholder: "US.13491208655302741918" }, "Phone, BSUID, or both"),
    buildField("Name", { name: "name", placeholder: "Ann Okafor" }, "As events show it. Optional"),
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
  if (found) app.select({ customer: found.number, tab: "chat" });
  // After the dialog has given the focus back.
  setTimeout(() => find("field").focus());
}

/**
 * Pick a row of a list message.
 * @param {App} app
 * @param {Customer} customer
 * @param {string} message The id of the message.
 * @param {{title: string, rows: {id: string, text: string, description: string}[]}[]} sections
 */
export function openList(app, customer, message, sections) {
  const choices = sections.map(({ title, rows }) =>
    h(
      "fieldset",
      null,
      title && h("legend", null, showText(title)),
      rows.map(({ id, text, description }) =>
        h(
          "label",
          { class: "row" },
          h("input", { type: "radio", name: "row", value: id || text }),
          h("span", null, showText(text), description && h("small", null, showText(description))),
        ),
      ),
    ),
  );
  const form = buildForm(choices, "Send", async ({ row }) =>
    row ? submitVerb(app, "picks", { customer: getId(customer), message, row }) : "Pick a row",
  );
  openDialog("Pick a row", form).querySelector("input")?.focus();
}

/** @param {App} app @param {Customer} customer What can be done to the customer. */
export function openCustomerMenu(app, customer) {
  const id = getId(customer);
  /** @param {string} label @param {string} note @param {string} verb @param {Record<string, unknown>} body */
  const offer = (label, note, verb, body) => {
    const run = () => {
      dialog.close();
      app.verbs.post(verb, body);
    };
    return h("button", { type: "button", onclick: run }, label, h("small", null, note));
  };
  const changePhone = () => {
    dialog.close();
    openPhoneChange(app, customer);
  };
  const dialog = openDialog(
    showText(getName(customer)),
    h(
      "div",
      { class: "menu" },
      customer.optedOut
        ? offer("Opt in", "Templates reach the customer again", "opts_in", { customer: id })
        : offer("Opt out", "Templates are refused", "opts_out", { customer: id }),
      offer("Open the window", "As if the customer had just written", "open_window", { customer: id }),
      offer("Close the window", "Only templates reach the customer", "close_window", { customer: id }),
      offer("The next message fails", "It is accepted, and its delivery fails", "fault", {
        what: "fail_delivery",
        next: 1,
        recipient: id,
      }),
      h(
        "button",
        { type: "button", onclick: changePhone },
        "Change phone …",
        h("small", null, "The old number is closed"),
      ),
    ),
  );
}

/** @param {App} app @param {Customer} customer */
function openPhoneChange(app, customer) {
  const field = buildField("New phone", { name: "phone", type: "tel", placeholder: "+16044442222" });
  const form = buildForm([field], "Change", ({ phone }) =>
    submitVerb(app, "changes_phone", { customer: getId(customer), phone }),
  );
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
  const types = ["image", "video", "audio", "document"].map((type) => [type, type]);
  const caption = buildField("Caption", { name: "caption" }, "Optional; audio takes none");
  /** @type {Record<string, {label: string, fields: HTMLElement[], send: (values: Values) => Promise<string | null>}>} */
  const kinds = {
    file: {
      label: "File",
      fields: [
        buildField("File", { name: "file", type: "file" }, "Kept by the sandbox, for the bot to fetch"),
        caption,
      ],
      async send(values) {
        const input = form.querySelector("input[type=file]");
        const file = input instanceof HTMLInputElement ? input.files?.[0] : undefined;
        if (!file) return "file: Choose a file";
        let problem = "";
        const kept = await app.verbs.upload(file, (/** @type {string} */ found) => {
          problem = found;
        });
        if (!kept) return problem;
        const kind = /^(image|video|audio)\//.exec(kept.type)?.[1] ?? "document";
        const filename = kind === "document" ? kept.name : "";
        return submitVerb(app, "sends", { ...to, type: kind, url: kept.url, filename, caption: values.caption });
      },
    },
    address: {
      label: "Address",
      fields: [
        buildField("Type", { name: "type", options: types }),
        buildField("URL", { name: "url", type: "url", placeholder: "https://example.com/cat.png" }),
        caption,
      ],
      send: (values) => submitVerb(app, "sends", { ...to, ...values }),
    },
    location: {
      label: "Location",
      fields: [
        buildField("Latitude", { name: "latitude", inputmode: "decimal", value: "49.2827" }),
        buildField("Longitude", { name: "longitude", inputmode: "decimal", value: "-123.1207" }),
        buildField("Name", { name: "name" }, "Optional"),
        buildField("Street address", { name: "address" }, "Optional"),
      ],
      send: ({ latitude, longitude, ...rest }) =>
        submitVerb(app, "shares_location", {
          ...to,
          latitude: readNumber(latitude),
          longitude: readNumber(longitude),
          ...rest,
        }),
    },
  };
  let chosen = "file";
  const fields = h("div");
  const choices = Object.entries(kinds).map(([name, { label }]) => {
    const choose = () => {
      chosen = name;
      fill(fields, ...(kinds[name]?.fields ?? []));
    };
    const input = h("input", { type: "radio", name: "kind", value: name, checked: name === chosen, onchange: choose });
    return h("label", null, input, label);
  });
  const group = h("div", { class: "segments", role: "radiogroup", "aria-label": "What to send" }, choices);
  const form = buildForm([group, fields], "Send", ({ kind: _, ...values }) => {
    const kind = kinds[chosen];
    return kind ? kind.send(values) : Promise.resolve(null);
  });
  fill(fields, ...(kinds[chosen]?.fields ?? []));
  openDialog("Send an attachment", form);
}

/** @param {string | undefined} text @returns {number | string | undefined} What is no number goes as it is, to be refused. */
const readNumber = (text) => (text && !Number.isNaN(Number(text)) ? Number(text) : text);

/** @param {App} app Asks before everything is forgotten. */
export function openReset(app) {
  const form = buildForm(
    [h("p", null, "Customers, messages, registrations, faults and the log are forgotten. Ids begin anew.")],
    "Reset the sandbox",
    () => submitVerb(app, "reset", {}),
  );
  openDialog("Reset the sandbox?", form);
}
