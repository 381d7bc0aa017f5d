"""What `cargo xtask build` puts into the tab's Python."""

import importlib.metadata
import importlib.util
import traceback
import unittest


class StandardLibrary(unittest.TestCase):
    def test_is_imported_from_bytecode(self):
        import asyncio.base_events

        self.assertTrue(asyncio.base_events.__spec__.origin.endswith("asyncio/base_events.pyc"))

    def test_tracebacks_show_its_source_lines(self):
        import json

        try:
            json.loads("{")
        except ValueError:
            shown = traceback.format_exc()
        self.assertIn("return _default_decoder.decode(s)", shown)


class SitePackages(unittest.TestCase):
    def test_are_imported_from_bytecode_of_this_interpreter(self):
        import flask.app

        with open(flask.app.__cached__, "rb") as file:
            head = file.read(8)
        self.assertEqual(head[:4], importlib.util.MAGIC_NUMBER)
        self.assertEqual(head[4], 0b01, "hash-based and unchecked (PEP 552)")

    def test_tracebacks_show_their_source_lines(self):
        import werkzeug.datastructures

        try:
            werkzeug.datastructures.ImmutableDict().clear()
        except TypeError:
            shown = traceback.format_exc()
        self.assertIn("_immutable_error(self)", shown)

    def test_metadata_is_there(self):
        import django

        self.assertEqual(importlib.metadata.version("django"), django.__version__)
        names = {entry.name for entry in importlib.metadata.entry_points(group="console_scripts")}
        self.assertIn("flask", names)

    def test_the_frameworks_import(self):
        for name in [
            "flask",
            "django",
            "starlette.applications",
            "fastapi",
            "python_multipart",
            "jinja2",
        ]:
            with self.subTest(name):
                importlib.import_module(name)

    def test_django_speaks_english_and_korean(self):
        import django
        from django.conf import settings
        from django.utils import translation

        settings.configure(USE_I18N=True, LANGUAGE_CODE="en")
        django.setup()
        with translation.override("ko"):
            self.assertEqual(translation.gettext("Yes"), "예")

    def test_time_zones_are_known(self):
        import zoneinfo

        self.assertIn("Asia/Seoul", zoneinfo.available_timezones())


class Runtime(unittest.TestCase):
    def test_is_a_package(self):
        import wasgi_runtime

        self.assertTrue(wasgi_runtime.__cached__.endswith(".cpython-314.pyc"))
