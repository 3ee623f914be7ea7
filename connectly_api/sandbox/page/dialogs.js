// The dialogs and menus of the page.

/** Ask for a new customer's phone number, BSUID and name. @param {import("./main.js").App} _app */
export function openNewCustomer(_app) {}

/**
 * Show the rows of a list message, to pick one.
 * @param {import("./main.js").App} _app
 * @param {import("./model.js").Customer} _customer
 * @param {string} _messageId
 * @param {{title: string, rows: {id: string, text: string, description: string}[]}[]} _sections
 */
export function openList(_app, _customer, _messageId, _sections) {}

/**
 * The menu in a conversation's head: opt out and in, open or close the window, next message fails, change phone.
 * @param {import("./main.js").App} _app
 * @param {import("./model.js").Customer} _customer
 */
export function openCustomerMenu(_app, _customer) {}

/**
 * The + menu of the composer: a file, media by URL, a location; `sender` is the business's number to write to.
 * @param {import("./main.js").App} _app
 * @param {import("./model.js").Customer} _customer
 * @param {string | null} _sender
 */
export function openAttachments(_app, _customer, _sender) {}
