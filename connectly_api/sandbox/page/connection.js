// Reads the state and the latest entries, then follows the stream of events.

/** @param {import("./main.js").App} _app */
export function connect(_app) {}
