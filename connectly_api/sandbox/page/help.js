// The help: the keys, and what the signs mean. `?` opens it.

import { openDialog, openReset } from "./dialogs.js";
import { find, h } from "./dom.js";

/** @type {Record<string, [string, string][]>} */
const SECTIONS = {
  Keys: [
    ["/", "find a customer"],
    ["Alt ↑ ↓", "the customer above or below"],
    ["Enter", "send; Shift Enter begins a new line"],
    ["↑", "in the empty field: edit the last text"],
    ["1 … 9", "tap a button of the last message; Alt 1 … 9 while you write"],
    ["Esc", "close what is open, or return to the log"],
    ["?", "this help"],
  ],
  Signs: [
    ["✓", "sent"],
    ["✓✓", "delivered; in blue: read"],
    ["bot 200", "the bot took the webhook about it; other numbers are its error"],
    ["bot not told", "no webhook is registered for messages, or none arrived"],
    ["window", "how long free-form messages reach the customer: 24 h from the last one"],
    ["→ ← • ✓", "in the log: request of the bot, webhook to it, customer or test, status"],
  ],
};

/** @param {import("./main.js").App} app */
export function mountHelp(app) {
  const props = { type: "button", "aria-label": "Help", "aria-haspopup": "dialog", onclick: () => openHelp(app) };
  find("help").append(h("button", props, "?"));
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select, dialog");
    if (event.key !== "?" || isTyping || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    openHelp(app);
  });
  return () => {};
}

/** @param {import("./main.js").App} app */
function openHelp(app) {
  const sections = Object.entries(SECTIONS).map(([title, rows]) => {
    const terms = rows.flatMap(([sign, text]) => [h("dt", null, h("kbd", null, sign)), h("dd", null, text)]);
    return h("section", null, h("h3", null, title), h("dl", { class: "key-list" }, terms));
  });
  const reset = () => {
    dialog.close();
    openReset(app);
  };
  const links = [
    h("button", { type: "button", onclick: reset }, "Reset the sandbox …"),
    h("a", { class: "button", href: "recording", download: "recording.json" }, "Save the run"),
    h("a", { class: "button", href: "openapi.json", target: "_blank" }, "OpenAPI"),
  ];
  const dialog = openDialog("Help", ...sections, h("p", { class: "actions" }, links));
}
