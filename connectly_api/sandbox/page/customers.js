/** @param {import("./main.js").App} _app */
export function mountCustomers(_app) {
  return () => {};
}
