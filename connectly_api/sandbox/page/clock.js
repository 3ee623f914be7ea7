/** @param {import("./main.js").App} _app */
export function mountClock(_app) {
  return () => {};
}
