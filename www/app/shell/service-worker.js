/** @import { ServiceWorkerMessage } from "../../service-worker/messages.js" */

/**
 * Set once this page has asked to be isolated, so that a host where that fails is not reloaded for
 * ever.
 */
const ASKED = "wasgi:asked-for-isolation";

/**
 * Registers the site's service worker: it keeps the site for use without a network, and isolates
 * the page on hosts that do not send the headers for it. The page works without it, so nothing here
 * is an error.
 */
export function keepSite() {
  if (!("serviceWorker" in navigator)) return;
  const register = async () => {
    await navigator.serviceWorker.register(new URL("./sw.js", document.baseURI));
    const { active } = await navigator.serviceWorker.ready;
    if (globalThis.crossOriginIsolated || !active || sessionStorage.getItem(ASKED)) return;
    sessionStorage.setItem(ASKED, "yes");
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      // Who has begun to use the page keeps it as it is: the next visit is isolated.
      if (!navigator.userActivation?.hasBeenActive) location.reload();
    };
    /** @type {ServiceWorkerMessage} */
    const message = "isolate";
    active.postMessage(message, [channel.port2]);
  };
  // After the page: what the user waits for comes first.
  addEventListener("load", () => void register().catch(() => {}), { once: true });
}
