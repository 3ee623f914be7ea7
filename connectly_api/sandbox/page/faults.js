/** @param {import("./main.js").App} _app */
export function mountFaults(_app) {
  return () => {};
}
