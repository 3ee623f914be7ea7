/** @param {import("./main.js").App} _app */
export function mountHelp(_app) {
  return () => {};
}
