// Check every page of site/ in Chromium, at desktop and phone width, light and dark: node tools/screenshots.mjs [PAGE…]
// Writes .screenshots/WIDTH-SCHEME/PAGE.png. Exits with status 1 if a page is wider than the window, cuts off code at
// desktop width, logs an error, has a failed request or one to another server, violates WCAG 2 AA by axe's rules, or if the search finds nothing.

import { createServer } from "node:http";
import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join, normalize, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(join(root, ".playwright", "package.json"));
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

const site = join(root, "site");
const shots = join(root, ".screenshots");
const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const types = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png" };
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

const found = [];

async function serve() {
  const server = createServer(async (request, response) => {
    const path = normalize(join(site, decodeURIComponent(new URL(request.url, "http://x").pathname)));
    try {
      if (!path.startsWith(site)) throw new Error("outside of the site");
      const body = await readFile(path);
      response.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { server, address: `http://127.0.0.1:${server.address().port}` };
}

async function listPages() {
  const names = (await readdir(site, { recursive: true })).filter((name) => name.endsWith(".html") && name !== "404.html");
  const asked = process.argv.slice(2);
  return names.filter((name) => asked.length === 0 || asked.some((part) => name.includes(part))).sort();
}

function watch(page, address, report) {
  page.on("console", (message) => message.type() === "error" && report(`logs: ${message.text()}`));
  page.on("pageerror", (error) => report(`throws: ${error.message}`));
  page.on("requestfailed", (request) => report(`failed request: ${request.url()}`));
  page.on("response", (response) => response.status() >= 400 && report(`${response.status()} for ${response.url()}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !/^(data|blob):/.test(request.url())) report(`request to another server: ${request.url()}`);
  });
}

// Return how far the page is wider than the window, and the elements that are; boxes that scroll by themselves are fine.
function findOverflow() {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const scrolls = (element) => element && (/auto|scroll|hidden/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  return [...document.querySelectorAll("main *")]
    .filter((element) => element.getBoundingClientRect().right > width + 1 && !scrolls(element.parentElement))
    .slice(0, 3)
    .map((element) => `${element.tagName.toLowerCase()}.${element.className} is ${Math.round(element.getBoundingClientRect().right - width)} px too wide`)
    .concat(`the page is ${document.documentElement.scrollWidth - width} px wider than the window`);
}

// Return the blocks of code whose lines do not fit.
function findCutOffCode() {
  return [...document.querySelectorAll("pre > code")]
    .filter((code) => code.scrollWidth > code.clientWidth + 1)
    .map((code) => `code is ${code.scrollWidth - code.clientWidth} px too wide: ${code.textContent.trim().slice(0, 40)}`);
}

async function findViolations(page) {
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa"], resultTypes: ["violations"] }));
  return violations.map(({ id, nodes }) => `${id}, ${nodes.length} times: ${nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.any.map((check) => check.message).join("; ")})`).join(" | ")}`);
}

async function checkPage(context, address, name, label) {
  const page = await context.newPage();
  const report = (problem) => found.push(`${label} ${name}: ${problem}`);
  watch(page, address, report);
  await page.goto(`${address}/${name}`, { waitUntil: "load" });
  (await page.evaluate(findOverflow)).forEach(report);
  const path = join(shots, label, `${name.replaceAll("/", "-").replace(".html", "")}.png`);
  await page.screenshot({ path, fullPage: true });
  // On a phone, long lines scroll. Colours do not depend on the width.
  if (label.startsWith("desktop")) {
    (await page.evaluate(findCutOffCode)).forEach(report);
    (await findViolations(page)).forEach(report);
  }
  await page.close();
}

async function checkSearch(context, address) {
  const page = await context.newPage();
  const report = (problem) => found.push(`search: ${problem}`);
  watch(page, address, report);
  await page.goto(`${address}/index.html`, { waitUntil: "networkidle" });
  await page.locator("input.md-search__input").click();
  // Text typed before the index has loaded is lost.
  await page.getByText("Type to start searching").waitFor({ timeout: 60_000 }).catch(() => report("does not load"));
  await page.keyboard.type("callback data");
  const result = page.locator(".md-search-result__link").first();
  await result.waitFor({ timeout: 30_000 }).catch(() => report("finds nothing for 'callback data'"));
  await page.screenshot({ path: join(shots, "search.png") });
  await page.close();
}

await rm(shots, { recursive: true, force: true });
await mkdir(shots, { recursive: true });
const { server, address } = await serve();
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const profile = (label) => join(tmpdir(), `connectly-screenshots-${process.pid}-${label}`);
const names = await listPages();
if (names.length === 0) found.push("site/ has no pages: run make docs");
for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ["light", "dark"]) {
    const label = `${size}-${colorScheme}`;
    const context = await chromium.launchPersistentContext(profile(label), { executablePath, args: flags, viewport, colorScheme, reducedMotion: "reduce" });
    for (const name of names) await checkPage(context, address, name, label);
    if (label === "desktop-light") await checkSearch(context, address);
    await context.close();
    await rm(profile(label), { recursive: true, force: true });
  }
}
server.close();
found.forEach((problem) => console.log(problem));
console.log(`${names.length} pages at ${Object.keys(sizes).join(" and ")} width, light and dark: ${found.length} problems; pictures in .screenshots/`);
process.exit(found.length === 0 ? 0 : 1);
