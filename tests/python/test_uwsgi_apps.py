"""Which app uWSGI takes for a request, as 2.0.31 decides it."""

import contextlib
import io
import os
import sys
import tempfile
import unittest
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from unittest import mock

from test_uwsgi_log import OPTIONS

from wasgi_runtime.servers.uwsgi import loading
from wasgi_runtime.servers.uwsgi.loading import Apps

APP = "calls = []\ndef application(environ, start_response):\n    return [b'{name}']\n"


class Mounting(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        self.directory = os.path.realpath(directory.name)
        os.chdir(self.directory)
        for name in ("one", "two"):
            with open(f"{name}.py", "w") as file:
                file.write(APP.replace("{name}", name))
        sys.path.insert(0, self.directory)
        self.addCleanup(sys.path.remove, self.directory)
        for name in ("one", "two"):
            self.addCleanup(sys.modules.pop, name, None)

    def load(self, **options):
        configuration = SimpleNamespace(
            options=replace(OPTIONS, **options),
            directory=self.directory,
            python_path=(),
            pid=7,
        )
        with contextlib.redirect_stderr(io.StringIO()) as said:
            apps = Apps(configuration)
        return apps, said.getvalue().splitlines()

    def test_the_first_app_at_a_slash_is_the_default_one(self):
        apps, said = self.load(mounts=("/a=one.py", "/b=two:application"))
        self.assertEqual(said[0], "mounting one.py on /a")
        self.assertRegex(said[1], r"WSGI app 0 \(mountpoint='/a'\) .* pid: 7 \(default app\)$")
        self.assertRegex(said[3], r"WSGI app 1 \(mountpoint='/b'\) .* pid: 7$")
        found = [apps.find(name).number for name in ("/a", "/b", "", "/c")]
        self.assertEqual(found, [0, 1, 0, 0])

    def test_a_mountpoint_without_a_slash_is_no_default_and_nor_is_any_that_is_not_wanted(self):
        self.assertIsNone(self.load(mounts=("a=one.py",))[0].find(""))
        self.assertIsNone(self.load(mounts=("/a=one.py",), default_app=False)[0].find(""))

    def test_the_longest_mountpoint_is_taken_off_the_path(self):
        apps, _ = self.load(mounts=("/a=one.py", "/a/b=two.py", "/c/=one.py"))
        for path, mountpoint in (
            ("/a/b/c", "/a/b"),
            ("/a/bc", "/a"),
            ("/a", "/a"),
            ("/ab", ""),
            ("/c/x", "/c/"),
        ):
            self.assertEqual(apps.mountpoint_of(path), mountpoint, path)

    def test_apps_do_not_share_modules_unless_they_share_the_interpreter(self):
        for single, shared in ((False, False), (True, True)):
            mounts = ("/a=one:application", "/b=one:application")
            apps, _ = self.load(mounts=mounts, single_interpreter=single)
            first, second = (apps.find(name).callable.__globals__ for name in ("/a", "/b"))
            self.assertEqual(first["calls"] is second["calls"], shared)
            sys.modules.pop("one", None)

    def test_of_two_apps_at_one_mountpoint_the_second_is_skipped(self):
        _, said = self.load(module="one", wsgi_file="two.py")
        self.assertEqual(said[1], "mountpoint  already configured. skip.")

    def test_a_module_may_have_several_apps(self):
        with open("one.py", "a") as file:
            file.write("applications = {'/first': application, '/x': lambda *_: []}\n")
        apps, said = self.load(module="one")
        self.assertEqual(said[0], "found a multiapp module...")
        self.assertEqual(apps.mountpoints, ["", "/x"])

    def test_what_cannot_be_mounted_is_said(self):
        for mounts, line in (
            (("/a",), "invalid mountpoint: /a"),
            (("/a=none.py",), "failed to open python file none.py"),
        ):
            said = io.StringIO()
            with mock.patch.object(loading, "say", partial(print, file=said)):
                self.assertRaises(SystemExit, self.load, mounts=mounts)
            self.assertEqual(said.getvalue().splitlines()[-1], line)
        apps, said = self.load(mounts=("/a=nothing",))
        self.assertEqual(
            said, ["mounting nothing on /a", "*** no app loaded. going in full dynamic mode ***"]
        )
        self.assertIsNone(apps.find("/a"))
