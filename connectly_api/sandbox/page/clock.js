// The sandbox's clock: what time it is there, and the buttons that move it.

import { fill, find, formatDay, formatSeconds, h } from "./dom.js";

const SPEEDS = [1, 10, 60, 600, 3600];

/** @param {import("./main.js").App} app */
export function mountClock(app) {
  const { post } = app.verbs;
  const toggle = h("button", { type: "button", onclick: () => post("clock", { running: !isRunning() }) });
  const day = h("span", { class: "day" });
  const time = h("span", { class: "now" });
  const state = h("span", { class: "halt" }, "stopped");
  const minute = h("button", { type: "button", onclick: () => post("advance", { minutes: 1 }) }, "+1 min");
  const hours = h("button", { type: "button", onclick: () => post("advance", { hours: 24 }) }, "+24 h");
  const due = h("button", { type: "button", class: "due", onclick: () => post("settle") });
  const speed = h("select", { "aria-label": "Speed of the clock", onchange: changeSpeed });
  const clock = find("clock");
  clock.append(toggle, h("time", { role: "timer" }, day, time, state), minute, hours, speed, due);

  const isRunning = () => app.model.clock.running;

  function changeSpeed() {
    post("clock", { speed: Number(speed.value) });
  }

  return () => {
    const { clock: read, due: waiting } = app.model;
    const now = app.now();
    clock.hidden = app.model.run === "";
    clock.classList.toggle("stopped", !read.running);
    state.hidden = read.running;
    fill(toggle, read.running ? "Pause" : "Run");
    fill(day, formatDay(now));
    fill(time, formatSeconds(now));
    const speeds = [...new Set([...SPEEDS, read.speed])].sort((one, other) => one - other);
    if (speeds.length !== speed.options.length)
      fill(
        speed,
        speeds.map((value) => h("option", { value }, `${value}×`)),
      );
    if (document.activeElement !== speed) speed.value = String(read.speed);
    due.hidden = read.running || waiting.count === 0;
    fill(due, `Settle ${waiting.count} due`);
    due.title = "Move the clock until nothing is due: statuses, webhooks and their retries";
  };
}
