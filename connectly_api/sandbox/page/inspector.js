/** @param {import("./main.js").App} _app */
export function mountInspector(_app) {
  return () => {};
}
