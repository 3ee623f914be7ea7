// The control interface: every call of the page goes through here.

/**
 * @param {(problem: string) => void} complain Shows and speaks a refusal.
 */
export function createVerbs(complain) {
  /** @param {string} path @param {RequestInit} [options] @returns {Promise<any>} null after a refusal */
  async function request(path, options, tell = complain) {
    try {
      const response = await fetch(path, options);
      const answer = await response.json().catch(() => ({}));
      if (response.ok) return answer;
      tell(answer.message ?? `The sandbox answered ${response.status}`);
    } catch {
      tell("The sandbox cannot be reached");
    }
    return null;
  }

  return {
    /** @param {string} path */
    get: (path) => request(path),
    /**
     * Run a verb, without waiting for the webhooks that it causes. Arguments that are null, undefined or empty are left
     * out.
     * @param {string} verb
     * @param {Record<string, unknown>} [body]
     * @param {(problem: string) => void} [tell] Instead of showing a refusal to all.
     */
    post(verb, body = {}, tell) {
      const given = Object.entries(body).filter(([, value]) => value != null && value !== "");
      const headers = { "content-type": "application/json" };
      return request(
        verb,
        { method: "POST", headers, body: JSON.stringify({ ...Object.fromEntries(given), wait: false }) },
        tell,
      );
    },
    /** @param {number} rule */
    removeRule: (rule) => request(`rules/${rule}`, { method: "DELETE" }),
    /** @param {File} file @param {(problem: string) => void} [tell] */
    upload: (file, tell) =>
      request(`files?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file }, tell),
  };
}
