// Reads the state and the latest entries, then follows the stream of events. Reads anew when the stream has a gap, and
// finds a sandbox that was started again on the same address.

import { addEntries, createModel, getThread, reduce } from "./model.js";

/** @typedef {import("./main.js").App} App */

const PAGE = 1000;
const MOST_ENTRIES = 60_000;
const LONGEST_DELAY = 5000;

/** @param {string} path @returns {Promise<any>} */
async function read(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** @param {App} app */
export function connect(app) {
  /** @type {EventSource | null} */
  let stream = null;
  let timer = 0;
  let delay = 250;
  let attempt = 0;

  function close() {
    stream?.close();
    stream = null;
    clearTimeout(timer);
    attempt += 1;
  }

  /** @param {() => void} action */
  function retry(action) {
    close();
    app.select({ connection: "lost" });
    timer = setTimeout(action, delay);
    delay = Math.min(2 * delay, LONGEST_DELAY);
  }

  async function readAnew() {
    close();
    const mine = attempt;
    try {
      const state = await read("state");
      const page = await read(`timeline?before=${state.entry + 1}&limit=${PAGE}`);
      if (mine !== attempt) return;
      if (page.run !== state.run) throw new Error("the sandbox was reset meanwhile");
      replaceModel(state, page);
      follow();
    } catch {
      if (mine === attempt) retry(readAnew);
    }
  }

  /** @param {any} state @param {any} page */
  function replaceModel(state, page) {
    const old = app.model;
    const model = createModel();
    reduce(model, { ...state, timeline: page.timeline }, performance.now());
    if (old.run === model.run) {
      for (const [number, { seen }] of old.threads) getThread(model, number).seen = seen;
    } else if (old.run) {
      app.select({ detail: null, replyTo: null, editing: null });
      app.say("The sandbox began anew");
    }
    app.model = model;
    app.draw();
  }

  function follow() {
    close();
    const { run, entry } = app.model;
    stream = new EventSource(`events?run=${encodeURIComponent(run)}&after=${entry}`);
    stream.onopen = () => {
      delay = 250;
      app.select({ connection: "live" });
    };
    stream.onerror = () => retry(follow);
    stream.addEventListener("gap", readAnew);
    stream.addEventListener("update", ({ data }) => {
      reduce(app.model, JSON.parse(data), performance.now());
      app.draw();
      if (app.model.entries.size > MOST_ENTRIES) readAnew();
    });
  }

  // A browser allows six connections to an address: a hidden page must not take one from the bot's own pages.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else if (app.model.run) follow();
    else readAnew();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("online", () => retry(follow));
  readAnew();
}

/**
 * Load what happened before: of one customer, or of all. Resolves to whether it could.
 * @param {App} app
 * @param {number | null} customer
 */
export async function loadOlder(app, customer = null) {
  const { model } = app;
  const thread = customer === null ? null : getThread(model, customer);
  const before = thread?.from ?? model.log[0]?.entry ?? 1;
  const whose = customer === null ? "" : `&customer=${customer}`;
  const page = await app.verbs.get(`timeline?before=${before}&limit=${PAGE}${whose}`);
  if (page?.run !== model.run) return false;
  if (thread) {
    addEntries(model, page.timeline);
    thread.from = page.previous ?? model.firstEntry;
  } else {
    reduce(model, { timeline: page.timeline }, performance.now());
  }
  app.draw();
  return true;
}
