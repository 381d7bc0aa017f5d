// The host that the site is visited on. It can publish another version.

import { createHash } from "node:crypto";

import { ISOLATING, SiteHost } from "../e2e/site-host.js";

/** The page that a tab shows: no user interface, nothing but what the tab is asked to do. */
export const PAGE = "soak.html";

/** @param {string} text */
const hashOf = (text) => createHash("sha256").update(text).digest("hex");

/** A host of the built site. */
export class Host {
  #site;
  #host;
  #version = 0;

  /** @param {string} site where the built site is served @param {SiteHost} host */
  constructor(site, host) {
    this.#site = site;
    this.#host = host;
  }

  /** @param {string} site where the built site is served */
  static async open(site) {
    const host = await SiteHost.open(site, ISOLATING, (request, response) => {
      if (request.url !== `/${PAGE}`) return false;
      response.setHeader("content-type", "text/html").end("<!doctype html><title>soak</title>");
      return true;
    });
    return new Host(site, host);
  }

  /** Under this name the service worker does as on the internet. */
  get url() {
    return this.#host.publicUrl;
  }

  /** Publishes a version that differs from all before in one file. */
  async publish() {
    this.#version += 1;
    const text = async (/** @type {string} */ name) =>
      (await fetch(new URL(name, this.#site))).text();
    const [script, manifest, style] = await Promise.all(
      ["sw.js", "manifest.json", "app.css"].map(text),
    );
    const { version } = JSON.parse(manifest);
    const newStyle = `${style}/* ${this.#version} */`;
    const renewed = (/** @type {string} */ old) =>
      old
        .replaceAll(hashOf(style), hashOf(newStyle))
        .replaceAll(version, `0.0.0-soak${this.#version}`);
    const { replaced } = this.#host;
    replaced.set("/sw.js", renewed(script)).set("/manifest.json", renewed(manifest));
    // The two are alike.
    replaced.set("/app.css", newStyle).set("/element.css", newStyle);
  }

  close() {
    this.#host.close();
  }
}
