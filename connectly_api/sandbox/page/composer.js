/** @param {import("./main.js").App} _app */
export function mountComposer(_app) {
  return () => {};
}
