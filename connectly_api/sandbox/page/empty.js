// What a newcomer needs: how to point a bot at the sandbox, and where the sandbox finds the bot.

import { buildCopy } from "./copy.js";
import { openNewCustomer, submitVerb } from "./dialogs.js";
import { fill, find, h, showText } from "./dom.js";

/** @param {import("./main.js").App} app */
export function mountEmpty(app) {
  const lines = h("pre", { tabindex: "0" });
  const copy = buildCopy("Copy", () => lines.textContent ?? "");
  const create = h("button", { type: "button", class: "primary", onclick: () => openNewCustomer(app) }, "New customer");
  const key = h("p", { class: "quiet" }, "Another key, if you chose one, is in the terminal that started the sandbox.");
  const address = h(
    "p",
    { class: "quiet" },
    "Start it, so that it registers its webhooks; or type its address at the top.",
  );
  const steps = h(
    "ol",
    null,
    h("li", null, h("h3", null, "Point your bot at this sandbox"), h("div", { class: "code" }, copy, lines), key),
    h("li", null, h("h3", null, "Let the sandbox find your bot"), address),
    h("li", null, h("h3", null, "Write the first message"), create),
  );
  const promise = h("p", null, "Write to your bot as its customers do, and see what it does and why.");
  const empty = h("div", { id: "empty" }, h("h2", null, "Be the customer"), promise, steps);
  const banner = buildBanner(app);
  find("chat").append(empty);
  find("banner").append(banner);

  return () => {
    const { run, customers, registrations, settings } = app.model;
    empty.hidden = run === "" || customers.size > 0;
    banner.hidden = run === "" || registrations.some((one) => one.topic === "messages");
    const exports = [
      `export CONNECTLY_BASE_URL=${location.origin}`,
      "export CONNECTLY_API_KEY=sandbox-key",
      `export CONNECTLY_BUSINESS_ID=${showText(settings.business_id)}`,
    ].join("\n");
    if (lines.textContent !== exports) fill(lines, exports);
  };
}

/** @param {import("./main.js").App} app @returns The form that registers an address. */
function buildBanner(app) {
  const label = { "aria-label": "Address of your bot", "aria-describedby": "banner-problem" };
  const address = h("input", { type: "url", placeholder: "http://127.0.0.1:8000/webhooks", ...label });
  const problem = h("span", { id: "banner-problem", class: "problem", role: "alert" });
  const text = h("p", null, h("b", null, "Your bot is not told anything: "), "no webhook is registered for messages.");
  const button = h("button", { class: "primary" }, "Register");

  /** @param {Event} event */
  async function register(event) {
    event.preventDefault();
    const isTaken = app.model.registrations.some((one) => one.topic === "delivery_status");
    let found = null;
    for (const topic of isTaken ? ["messages"] : ["messages", "delivery_status"]) {
      found ??= await submitVerb(app, "register", { topic, address: address.value.trim() });
    }
    fill(problem, showText(found ?? "").replace(/^address: /, "The address "));
    address.toggleAttribute("aria-invalid", found !== null);
    if (found === null) app.say("Registered");
    else address.focus();
  }

  const props = { "aria-label": "Register your bot", novalidate: true, onsubmit: register };
  return h("form", props, text, address, button, problem);
}
