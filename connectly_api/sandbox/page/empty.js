// What a newcomer needs: how to point a bot at the sandbox, and where the sandbox finds the bot.

import { buildCopy } from "./detail.js";
import { openNewCustomer, submitVerb } from "./dialogs.js";
import { fill, find, h, showText } from "./dom.js";

/** @param {import("./main.js").App} app */
export function mountEmpty(app) {
  const lines = h("pre", { tabindex: "0" });
  const empty = h(
    "div",
    { id: "empty" },
    h("h2", null, "Be the customer"),
    h("p", null, "Write to your bot as its customers do, and see what it does and why."),
    h(
      "ol",
      null,
      h(
        "li",
        null,
        h("h3", null, "Point your bot at this sandbox"),
        h(
          "div",
          { class: "code" },
          buildCopy("Copy", () => lines.textContent ?? ""),
          lines,
        ),
        h("p", { class: "quiet" }, "Another key, if you chose one, is in the terminal that started the sandbox."),
      ),
      h(
        "li",
        null,
        h("h3", null, "Let the sandbox find your bot"),
        h("p", { class: "quiet" }, "Start it, so that it registers its webhooks; or type its address at the top."),
      ),
      h(
        "li",
        null,
        h("h3", null, "Write the first message"),
        h("button", { type: "button", class: "primary", onclick: () => openNewCustomer(app) }, "New customer"),
      ),
    ),
  );
  find("chat").append(empty);
  const banner = mountBanner(app);

  return () => {
    const { run, customers, registrations, settings } = app.model;
    empty.hidden = run === "" || customers.size > 0;
    banner.hidden = run === "" || registrations.some((one) => one.topic === "messages");
    const business = settings.business_id ?? settings.businessId;
    const exports = [
      `export CONNECTLY_BASE_URL=${location.origin}`,
      "export CONNECTLY_API_KEY=sandbox-key",
      `export CONNECTLY_BUSINESS_ID=${showText(business)}`,
    ].join("\n");
    if (lines.textContent !== exports) fill(lines, exports);
  };
}

/** @param {import("./main.js").App} app @returns {HTMLElement} The form that registers an address. */
function mountBanner(app) {
  const address = h("input", {
    name: "address",
    type: "url",
    "aria-label": "Address of your bot",
    "aria-describedby": "banner-problem",
    placeholder: "http://127.0.0.1:8000/webhooks",
    autocomplete: "url",
  });
  const problem = h("span", { id: "banner-problem", class: "problem", role: "alert" });
  const form = h(
    "form",
    { "aria-label": "Register your bot", novalidate: true, onsubmit: register },
    h("p", null, h("b", null, "Your bot is not told anything: "), "no webhook is registered for messages."),
    address,
    h("button", { class: "primary" }, "Register"),
    problem,
  );

  /** @param {Event} event */
  async function register(event) {
    event.preventDefault();
    const given = address.value.trim();
    const isTaken = app.model.registrations.some((one) => one.topic === "delivery_status");
    const topics = isTaken ? ["messages"] : ["messages", "delivery_status"];
    let found = null;
    for (const topic of topics) found ??= await submitVerb(app, "register", { topic, address: given });
    fill(problem, showText(found ?? "").replace(/^address: /, "The address "));
    address.toggleAttribute("aria-invalid", found !== null);
    if (found === null) app.say("Registered");
    else address.focus();
  }

  find("banner").append(form);
  return form;
}
