import { BrowserStorage } from "../state/browser-storage.js";

/**
 * What this browser or this page's host does not offer: what it is, and what still works.
 *
 * @typedef {{ name: string, text: string }} Lack
 */

/**
 * @param {object} [environment] for tests
 * @param {boolean} [environment.isolated] whether the page is cross-origin isolated
 * @param {boolean} [environment.jspi] whether WebAssembly can suspend
 * @param {boolean} [environment.serviceWorker]
 * @param {boolean} [environment.storage]
 * @param {boolean} [environment.workers]
 * @returns {Lack[]}
 */
export function missingCapabilities({
  isolated = globalThis.crossOriginIsolated === true,
  jspi = typeof WebAssembly === "object" && "Suspending" in WebAssembly,
  serviceWorker = "serviceWorker" in navigator,
  storage = BrowserStorage.available,
  workers = typeof Worker === "function" && typeof WebAssembly === "object",
} = {}) {
  const lacks = [];
  if (!workers) {
    lacks.push({
      name: "WebAssembly workers",
      text: "This browser cannot run WebAssembly in workers, so no server can run here. Reading and editing the examples works.",
    });
  }
  if (!jspi) {
    lacks.push({
      name: "JSPI",
      text: "This browser cannot suspend WebAssembly (JSPI), so Python has one thread in each process: Thread.start, gunicorn's --threads, sync_to_async and plain def handlers of FastAPI and Starlette raise an error. WSGI apps on gunicorn's sync workers, async def handlers and several worker processes work. Chrome 137, Firefox 153, Safari 27 and later have JSPI.",
    });
  }
  if (!isolated) {
    lacks.push({
      name: "Cross-origin isolation",
      text: "This page is not cross-origin isolated, so processes cannot share memory: each keeps its own copy of Python's packages. Servers run all the same. Whoever hosts the page can send the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.",
    });
  }
  if (!serviceWorker) {
    lacks.push({
      name: "Service workers",
      text: "Service workers are not available (a private window, or a page without HTTPS), so isolation cannot be switched on from within the page. Everything else works.",
    });
  }
  if (!storage) {
    lacks.push({
      name: "Storage",
      text: "This browser keeps no data for this page, so your changes are lost when you close it. Everything else works.",
    });
  }
  return lacks;
}
