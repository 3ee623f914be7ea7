// What can be copied: texts as they are, and requests as commands.

import { fill, h } from "./dom.js";

/** @param {string} label @param {() => string} getText @returns A button that copies a text, and says so. */
export function buildCopy(label, getText) {
  const button = h("button", { type: "button", class: "copy" }, label);
  button.addEventListener("click", async () => {
    fill(button, (await copyText(getText())) ? "Copied" : "Not copied");
    setTimeout(() => fill(button, label), 1500);
  });
  return h("span", { role: "status" }, button);
}

/** @param {string} text @returns {Promise<boolean>} */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain HTTP from another machine there is only the old way.
    const field = h("textarea", { class: "unseen", "aria-hidden": "true" });
    const focused = document.activeElement;
    field.value = text;
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return isCopied;
  }
}

// What curl writes itself, or what held for that connection alone.
const OWN_HEADERS = /^(host|content-length|connection|accept-encoding|user-agent|transfer-encoding|cookie|expect)$/;

/**
 * Write a request as a command that repeats it; the key is the environment's.
 * @param {{method: string, path: string, query: string, headers: [string, string][], body: string}} request
 */
export function buildCurl({ method, path, query, headers, body }) {
  const words = ["curl", `-X ${method}`, quoteShell(location.origin + path + (query && `?${query}`))];
  for (const [name, value] of headers) {
    if (name === "x-api-key") words.push('-H "X-API-Key: $CONNECTLY_API_KEY"');
    else if (!OWN_HEADERS.test(name)) words.push(`-H ${quoteShell(`${name}: ${value}`)}`);
  }
  if (body) words.push(`--data-raw ${quoteShell(body)}`);
  return words.join(" ");
}

/** @param {string} text */
const quoteShell = (text) => `'${text.replaceAll("'", "'\\''")}'`;
