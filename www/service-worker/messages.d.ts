/**
 * What a page may send to the service worker. Each is answered with itself, through the port that
 * comes with it, once it is done.
 *
 * - `isolate`: from now on answer with COOP and COEP; the page then reloads once
 * - `update`: a newer version that waits takes over now; pages that are open then reload
 */
export type ServiceWorkerMessage = "isolate" | "update";

/** `manifest.json`: the files of one version of the site. */
export interface Manifest {
  version: string;
  /** By path below the site's folder. */
  files: Record<string, { bytes: number; sha256: string }>;
}
