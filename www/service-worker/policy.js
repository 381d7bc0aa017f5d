import { pathOf } from "./kept-files.js";

/** The script that processes run. */
const PROCESS = "process.js";
/** As in xtask/src/serve.rs. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";

/**
 * The same response; that of a process's script with the policy that it is to be held to.
 * @param {URL} url
 * @param {Response} response
 */
export function confined(url, response) {
  if (pathOf(url) !== PROCESS || !response.ok) return response;
  const headers = new Headers(response.headers);
  headers.set("content-security-policy", POLICY);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
