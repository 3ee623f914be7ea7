/** @param {import("./main.js").App} _app */
export function mountEmpty(_app) {
  return () => {};
}
