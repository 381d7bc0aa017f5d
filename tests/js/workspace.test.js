import assert from "node:assert/strict";
import { test } from "node:test";

import { missingCapabilities } from "../../www/app/shell/capabilities.js";
import { Workspace, fileChanges } from "../../www/app/files/workspace.js";

/** @param {string[]} names */
function workspaceWith(...names) {
  const workspace = new Workspace();
  workspace.replaceAll(Object.fromEntries(names.map((name) => [name, name])));
  return workspace;
}

test("a good name has no problem", () => {
  const workspace = workspaceWith("app.py", "mysite/urls.py");
  for (const name of ["b.py", "mysite/views.py", "a b.txt", "templates/x.html", ".env"]) {
    assert.equal(workspace.problemWith(name), null, name);
  }
});

test("names that no file can have are refused with a sentence", () => {
  const workspace = workspaceWith("app.py", "mysite/urls.py");
  const bad = [
    "",
    "/etc/passwd",
    "../x",
    "a//b",
    "a/",
    "./a",
    "a\\b",
    "app.py",
    "mysite",
    "app.py/x",
    "a\u0000",
  ];
  for (const name of bad)
    assert.match(workspace.problemWith(name) ?? "", /\.$/, JSON.stringify(name));
});

test("a file may keep its name when it is renamed", () => {
  assert.equal(workspaceWith("app.py").problemWith("app.py", "app.py"), null);
});

test("a renamed file keeps its place and its text", () => {
  const workspace = workspaceWith("a.py", "b.py", "c.py");
  workspace.rename("b.py", "z.py");
  assert.deepEqual(workspace.names, ["a.py", "z.py", "c.py"]);
  assert.equal(workspace.read("z.py"), "b.py");
});

test("changes hold what is new, what differs and what is gone, and nothing else", () => {
  const changes = fileChanges(
    { same: "1", changed: "1", gone: "1" },
    { same: "1", changed: "2", fresh: "3" },
  );
  assert.deepEqual(changes, { gone: null, changed: "2", fresh: "3" });
});

const ALL = { isolated: true, jspi: true, serviceWorker: true, storage: true, workers: true };

test("where everything is there, nothing is said", () => {
  assert.deepEqual(missingCapabilities(ALL), []);
});

test("what is missing is named, with what still works", () => {
  for (const name of /** @type {(keyof typeof ALL)[]} */ (Object.keys(ALL))) {
    const lacks = missingCapabilities({ ...ALL, [name]: false });
    assert.equal(lacks.length, 1, name);
    assert.match(lacks[0].text, /works|run|Chrome/, name);
  }
});
