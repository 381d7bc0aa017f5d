// The state that several parts of the page share. What one part alone needs (its scroll position,
// its zoom, the text of a form) stays there.
//
// Who writes what, and who watches it:
//
//              written by                 watched by
//   example    shell/playground-view.js      command bar, request bar, response
//   files      shell/playground-view.js      request bar
//   command    command bar, playground    command bar
//   history    shell/playground-view.js      command bar
//   server     shell/playground-view.js,       command bar, request bar, response
//              as server/runner.js tells
//   outdated   shell/playground-view.js      command bar
//   bursts     requests/traffic.js        request bar, response list, response, timeline
//   selected   requests/traffic.js,       response list, response, timeline
//              response list, playground
//   trace      timeline/trace-poller.js   timeline, response list, response
//   looking    trace poller, timeline     timeline

import { Trace } from "../timeline/trace.js";
import { Store } from "./store.js";

/** @import { Example } from "../examples/examples.js" */
/** @import { Burst, Sent } from "../requests/burst.js" */
/** @import { ServerState } from "../server/server-state.js" */
/** @import { Looking } from "../timeline/view.js" */

/**
 * @typedef {object} PageState
 * @property {Example} example the one that is open
 * @property {Readonly<Record<string, string>>} files those on the screen, by name
 * @property {string} command the text of the command line's field
 * @property {readonly string[]} history command lines that were run, newest last
 * @property {ServerState} server what the server is doing
 * @property {boolean} outdated whether the server was given other files than those on the screen
 * @property {readonly Burst[]} bursts what was sent to this server, newest last; exchanges change
 * in place
 * @property {Sent | null} selected the one whose response or messages are shown
 * @property {Trace} trace what was measured; changes in place
 * @property {Looking} looking what of it the timeline shows
 *
 * @typedef {Store<PageState>} PageStore
 */

/**
 * The state of a page that has just been opened.
 * @param {Pick<PageState, "example" | "history" | "server">} known
 * @returns {PageStore}
 */
export function newPageStore(known) {
  /** @type {PageState} */
  const state = {
    ...known,
    files: {},
    command: "",
    outdated: false,
    bursts: [],
    selected: null,
    trace: new Trace(),
    looking: "burst",
  };
  return new Store(state);
}
