// The request that the arguments of `server.fetch()` ask for.

/**
 * @typedef {object} OutgoingRequest
 * @property {string} method
 * @property {string} target
 * @property {[string, string][]} headers
 * @property {Uint8Array | ReadableStream<Uint8Array> | null} body
 */

const METHODS_WITH_BODY = new Set(["POST", "PUT", "PATCH"]);
/** The browser's, once it was asked for: it takes it a microsecond. @type {string | undefined} */
let userAgent;

/**
 * What Fetch's arguments ask for. Header names that a browser's own fetch forbids (Host, Cookie,
 * Connection…) are sent.
 * @param {string | URL | Request} input
 * @param {RequestInit} init
 * @param {string} host
 * @returns {OutgoingRequest | Promise<OutgoingRequest>} a promise where the body has to be read
 * first
 */
export function requestOf(input, init, host) {
  const isRequest = input instanceof Request;
  const method = String(init.method ?? (isRequest ? input.method : "GET"));
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(method)) throw new TypeError(`"${method}" is no HTTP method.`);
  const headers = [...entries(isRequest ? input.headers : undefined), ...entries(init.headers)];
  const has = (/** @type {string} */ name) => headers.some(([n]) => n.toLowerCase() === name);

  const target = targetOf(isRequest ? input.url : String(input));
  const source = init.body ?? (isRequest ? input.body : null);
  if (source === null || source === undefined || source instanceof ReadableStream)
    return complete({ method, target, headers, body: source ?? null }, host);
  const encoded = new Response(source);
  const type = encoded.headers.get("content-type");
  if (type && !has("content-type")) headers.push(["Content-Type", type]);
  return encoded
    .arrayBuffer()
    .then((bytes) => complete({ method, target, headers, body: new Uint8Array(bytes) }, host));
}

/**
 * A request with the headers that a client adds.
 * @param {OutgoingRequest} request
 * @param {string} host
 * @returns {OutgoingRequest}
 */
function complete({ method, target, headers, body }, host) {
  const has = (/** @type {string} */ name) => headers.some(([n]) => n.toLowerCase() === name);
  /** @type {[string, string][]} */
  const ours = [];
  if (!has("host")) ours.push(["Host", host]);
  if (!has("user-agent")) ours.push(["User-Agent", (userAgent ??= navigator.userAgent)]);
  if (!has("accept")) ours.push(["Accept", "*/*"]);
  if (!has("content-length") && !has("transfer-encoding")) {
    if (body instanceof ReadableStream) ours.push(["Transfer-Encoding", "chunked"]);
    else if (body) ours.push(["Content-Length", String(body.length)]);
    else if (METHODS_WITH_BODY.has(method.toUpperCase())) ours.push(["Content-Length", "0"]);
  }
  const wire = [...ours, ...headers];
  for (const [name, value] of headers) {
    if (/[\r\n\0]/.test(name + value))
      throw new TypeError(`The header ${JSON.stringify(name)} has a line end in it.`);
  }
  return { method, target, headers: wire, body };
}

/**
 * The request target of a path or URL.
 * @param {string} url
 */
export function targetOf(url) {
  if (url === "*") return url;
  if (url.startsWith("/"))
    return url.replace(/#.*$/s, "").replace(/[^\x21-\x7e]/gu, encodeURIComponent);
  const { pathname, search } = new URL(url, "http://127.0.0.1/");
  return pathname + search;
}

/**
 * @param {HeadersInit | undefined} headers
 * @returns {[string, string][]}
 */
function entries(headers) {
  if (!headers) return [];
  if (headers instanceof Headers) return [...headers];
  if (Array.isArray(headers)) return headers.map(([name, value]) => [String(name), String(value)]);
  return Object.entries(headers).map(([name, value]) => [name, String(value)]);
}
