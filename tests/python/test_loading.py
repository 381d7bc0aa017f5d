"""Finding the app: gunicorn's and uvicorn's ways and messages."""

import os
import sys
import tempfile
import unittest

from wasgi_runtime.process.search_path import search_first
from wasgi_runtime.servers.gunicorn import loading as gunicorn
from wasgi_runtime.servers.gunicorn.loading import AppImportError
from wasgi_runtime.servers.uvicorn import loading as uvicorn
from wasgi_runtime.servers.uvicorn.loading import ImportFromStringError

SOURCE = """
number = 3
nothing = None
def app(environ, start_response): ...
def create(name="default", *, debug=False):
    def made(): return name, debug
    return made
def needs(argument): ...
def fails():
    raise TypeError("inside the factory")
class holder:
    app = staticmethod(app)
"""


class Loading(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.before = os.getcwd()
        os.chdir(cls.directory.name)
        for name, source in {
            "project": SOURCE,
            "needy": "import not_there\n",
            "broken": "def :\n",
        }.items():
            with open(f"{name}.py", "w") as file:
                file.write(source)
        search_first([cls.directory.name])

    @classmethod
    def tearDownClass(cls):
        os.chdir(cls.before)
        sys.path.remove(cls.directory.name)
        cls.directory.cleanup()


class Gunicorn(Loading):
    def refused(self, expression, message):
        with self.assertRaises(AppImportError) as caught:
            gunicorn.load("project", expression)
        self.assertEqual(str(caught.exception), message)

    def test_finds_a_name_but_no_attribute_of_an_attribute(self):
        import project

        self.assertIs(gunicorn.load("project", "app"), project.app)
        for dotted in ["holder.app", "app.__call__"]:
            self.refused(
                dotted, f"Failed to parse '{dotted}' as an attribute name or function call."
            )

    def test_calls_a_factory_with_literals(self):
        self.assertEqual(gunicorn.load("project", "create()")(), ("default", False))
        self.assertEqual(gunicorn.load("project", "create('x', debug=True)")(), ("x", True))

    def test_says_what_is_missing(self):
        self.refused("missing", "Failed to find attribute 'missing' in 'project'.")

    def test_says_what_is_no_app(self):
        self.refused("number", "Application object must be callable.")
        self.refused("nothing", "Failed to find application object: 'nothing'")

    def test_says_what_it_cannot_read(self):
        self.refused("app app", "Failed to parse 'app app' as an attribute name or function call.")
        self.refused("1 + 1", "Failed to parse '1 + 1' as an attribute name or function call.")
        self.refused("holder.app()", "Function reference must be a simple name: 'holder.app()'")
        self.refused("create(name)", "Failed to parse arguments as literal values: 'create(name)'")

    def test_a_call_that_does_not_fit_is_the_command_lines_fault(self):
        with self.assertRaisesRegex(AppImportError, r"^TypeError: needs\(\) missing 1 required"):
            gunicorn.load("project", "needs()")
        self.refused("create(**{})", "TypeError: keywords must be strings")

    def test_a_type_error_inside_the_factory_is_the_apps(self):
        with self.assertRaisesRegex(TypeError, "inside the factory"):
            gunicorn.load("project", "fails()")

    def test_import_errors_go_through(self):
        with self.assertRaises(ModuleNotFoundError):
            gunicorn.load("missing", "app")
        with self.assertRaises(SyntaxError):
            gunicorn.load("broken", "app")

    def test_a_file_in_the_modules_place_is_a_hint(self):
        with self.assertRaisesRegex(ImportError, "did you mean 'project:app'"):
            gunicorn.load("project.py", "app")


class Uvicorn(Loading):
    def refused(self, target, message):
        with self.assertRaises(ImportFromStringError) as caught:
            uvicorn.load(target)
        self.assertEqual(str(caught.exception), message)

    def test_finds_a_name_and_an_attribute_of_an_attribute(self):
        import project

        self.assertIs(uvicorn.load("project:app"), project.app)
        self.assertIs(uvicorn.load("project:holder.app"), project.app)

    def test_says_what_is_missing(self):
        self.refused("missing:app", 'Could not import module "missing".')
        self.refused("project:missing", 'Attribute "missing" not found in module "project".')

    def test_says_what_an_import_string_looks_like(self):
        for target in ["project", "project:", ":app"]:
            self.refused(
                target, f'Import string "{target}" must be in format "<module>:<attribute>".'
            )

    def test_an_import_error_inside_the_module_goes_through(self):
        with self.assertRaisesRegex(ModuleNotFoundError, "not_there"):
            uvicorn.load("needy:app")


class SearchPath(unittest.TestCase):
    def setUp(self):
        self.before = sys.path[:]

    def tearDown(self):
        sys.path[:] = self.before

    def test_directories_come_first_in_their_order_and_once(self):
        search_first(["/first", "/second"])
        search_first(["/first", "/second"])
        self.assertEqual(sys.path[:2], ["/first", "/second"])
        self.assertEqual(sys.path.count("/first"), 1)
