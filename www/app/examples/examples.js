import asgiApp from "../../examples/asgi/app.py" with { type: "text" };
import asgi from "../../examples/asgi/example.json" with { type: "json" };
import djangoInit from "../../examples/django/mysite/__init__.py" with { type: "text" };
import djangoAsgi from "../../examples/django/mysite/asgi.py" with { type: "text" };
import djangoSettings from "../../examples/django/mysite/settings.py" with { type: "text" };
import djangoUrls from "../../examples/django/mysite/urls.py" with { type: "text" };
import djangoViews from "../../examples/django/mysite/views.py" with { type: "text" };
import djangoWsgi from "../../examples/django/mysite/wsgi.py" with { type: "text" };
import django from "../../examples/django/example.json" with { type: "json" };
import eventsApp from "../../examples/events/app.py" with { type: "text" };
import events from "../../examples/events/example.json" with { type: "json" };
import eventsWsgi from "../../examples/events/wsgi.py" with { type: "text" };
import fastapiApp from "../../examples/fastapi/app.py" with { type: "text" };
import fastapi from "../../examples/fastapi/example.json" with { type: "json" };
import flaskApp from "../../examples/flask/app.py" with { type: "text" };
import flask from "../../examples/flask/example.json" with { type: "json" };
import pollingApp from "../../examples/polling/app.py" with { type: "text" };
import polling from "../../examples/polling/example.json" with { type: "json" };
import pollingWsgi from "../../examples/polling/wsgi.py" with { type: "text" };
import quartApp from "../../examples/quart/app.py" with { type: "text" };
import quart from "../../examples/quart/example.json" with { type: "json" };
import starletteApp from "../../examples/starlette/app.py" with { type: "text" };
import starlette from "../../examples/starlette/example.json" with { type: "json" };
import websocketApp from "../../examples/websocket/app.py" with { type: "text" };
import websocket from "../../examples/websocket/example.json" with { type: "json" };
import wsgiApp from "../../examples/wsgi/app.py" with { type: "text" };
import wsgi from "../../examples/wsgi/example.json" with { type: "json" };
import { language } from "../words/language.js";
import { ko } from "./ko.js";

/**
 * A ready-made request of an example.
 *
 * @typedef {object} RequestSuggestion
 * @property {string} method
 * @property {string} path
 * @property {string} [headers] as in the field for them
 * @property {string} [body]
 * @property {number} [times] how many at once
 * @property {string} [shows] what it shows, in a few words
 *
 * @typedef {object} Example
 * @property {string} name
 * @property {string} title
 * @property {string} description
 * @property {string} command
 * @property {string[]} alternatives other command lines that are worth trying on the same files
 * @property {RequestSuggestion[]} requests
 * @property {string} open the file that opens first
 * @property {Record<string, string>} files
 */

/** @type {Example[]} */
const IN_ENGLISH = [
  { name: "wsgi", open: "app.py", ...wsgi, files: { "app.py": wsgiApp } },
  { name: "asgi", open: "app.py", ...asgi, files: { "app.py": asgiApp } },
  { name: "flask", open: "app.py", ...flask, files: { "app.py": flaskApp } },
  {
    name: "django",
    ...django,
    files: {
      "mysite/views.py": djangoViews,
      "mysite/urls.py": djangoUrls,
      "mysite/settings.py": djangoSettings,
      "mysite/wsgi.py": djangoWsgi,
      "mysite/asgi.py": djangoAsgi,
      "mysite/__init__.py": djangoInit,
    },
  },
  { name: "starlette", open: "app.py", ...starlette, files: { "app.py": starletteApp } },
  { name: "fastapi", open: "app.py", ...fastapi, files: { "app.py": fastapiApp } },
  { name: "quart", open: "app.py", ...quart, files: { "app.py": quartApp } },
  { name: "websocket", open: "app.py", ...websocket, files: { "app.py": websocketApp } },
  {
    name: "events",
    open: "app.py",
    ...events,
    files: { "app.py": eventsApp, "wsgi.py": eventsWsgi },
  },
  {
    name: "polling",
    open: "app.py",
    ...polling,
    files: { "app.py": pollingApp, "wsgi.py": pollingWsgi },
  },
];

/**
 * By language, and by the example's name.
 * @type {Record<string, Record<string, import("./ko.js").ExampleWords>>}
 */
const OTHERS = { ko };

/** @param {Example} example @returns {Example} */
function translated(example) {
  const words = OTHERS[language]?.[example.name];
  if (!words) return example;
  const { title, description, shows } = words;
  const requests = example.requests.map((request, index) => ({
    ...request,
    shows: shows[index] ?? request.shows,
  }));
  return { ...example, title, description, requests };
}

/** The examples, in the order in which they are offered, in the page's language. */
export const EXAMPLES = IN_ENGLISH.map(translated);
