/** @param {import("./main.js").App} _app */
export function mountConversation(_app) {
  return () => {};
}
