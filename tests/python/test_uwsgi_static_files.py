"""Files that uWSGI serves without the app, as 2.0.31 does."""

import contextlib
import io
import os
import tempfile
import unittest
from dataclasses import replace

from test_uwsgi_log import OPTIONS

from wasgi_runtime.servers.uwsgi.log import Answer
from wasgi_runtime.servers.uwsgi.static_files import (
    StaticFiles,
    http_date,
    known_media_types,
    read_media_types,
)

MODIFIED = 1_000_000_000
DATE = "Sun, 09 Sep 2001 01:46:40 GMT"


class Serving(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        self.root = os.path.realpath(directory.name)
        os.chdir(self.root)
        os.mkdir("files")
        for name in ("files/a.css", "files/index.html", "files/a.css.gz", "secret", "files2"):
            with open(name, "w") as file:
                file.write(name)
            os.utime(name, (MODIFIED, MODIFIED))

    def serve(self, path, options=None, method="GET", **headers):
        environ = {
            "REQUEST_METHOD": method,
            "REQUEST_URI": path,
            "PATH_INFO": path,
            "SERVER_PROTOCOL": "HTTP/1.1",
            **headers,
        }
        sent = []

        def send(status, fields, descriptor, offset, length):
            body = None if descriptor is None else os.pread(descriptor, length, offset)
            sent.append((status, dict(fields), body))

        chosen = replace(OPTIONS, **(options or {"static_maps": ("/s=files",)}))
        files = StaticFiles(chosen)
        self.answer = Answer(environ)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            served = files.serve(environ, self.answer, send)
        self.said = said.getvalue()
        self.assertEqual(served, bool(sent))
        return sent[0] if sent else None

    def test_a_file_has_its_type_its_length_and_its_date(self):
        status, fields, body = self.serve("/s/a.css")
        self.assertEqual((status, body), ("200 OK", b"files/a.css"))
        self.assertEqual(
            list(fields.items()),
            [("Content-Type", "text/css"), ("Content-Length", "11"), ("Last-Modified", DATE)],
        )
        self.assertIsNone(self.serve("/s/a.css", method="HEAD")[2])

    def test_what_is_no_file_is_left_to_the_app(self):
        for path in ("/s/none", "/other", "/s/", "/s/a.css/", "/s/a.css/x"):
            self.assertIsNone(self.serve(path), path)
        self.assertIsNone(self.serve("/s/a.css", method="POST"))

    def test_a_prefix_needs_no_slash_behind_it_and_a_nul_ends_a_path(self):
        self.assertIsNotNone(self.serve("/sa.css"))
        self.assertIsNotNone(self.serve("/s/a.css\0.png"))

    def test_a_path_that_leads_out_of_the_directory_is_refused(self):
        self.assertIsNone(self.serve("/s/../secret"))
        self.assertEqual(
            self.said,
            f"[uwsgi-fileserve] security error: {self.root}/secret is not under"
            f" {self.root}/files or a safe path\n",
        )
        # What begins alike is not told apart.
        self.assertIsNotNone(self.serve("/s/../files2"))
        safe = {"static_maps": ("/s=files",), "static_safe": (self.root,)}
        self.assertIsNotNone(self.serve("/s/../secret", safe))

    def test_a_map_may_name_a_file_and_may_keep_the_whole_path(self):
        one = {"static_maps": ("/one=secret",)}
        self.assertEqual(self.serve("/one/whatever", one)[2], b"secret")
        whole = {"static_maps2": ("/files=.",)}
        self.assertEqual(self.serve("/files/a.css", whole)[2], b"files/a.css")
        checked = {"check_static": ("files",)}
        self.assertEqual(self.serve("/a.css", checked)[2], b"files/a.css")
        self.assertIsNone(self.serve("/a.css", checked | {"static_skip_ext": (".css",)}))

    def test_an_index_is_looked_for_in_a_directory(self):
        options = {"static_maps": ("/s=files",), "static_index": ("none", "index.html")}
        before = self.serve("/s/a.css", options) and self.answer.size
        self.assertEqual(self.serve("/s", options)[2], b"files/index.html")
        self.assertEqual(self.answer.variables, 10)
        self.assertEqual(self.answer.size - before, 13 + len("/s/index.html") - 12)

    def test_what_has_not_changed_is_not_sent(self):
        status, fields, body = self.serve("/s/a.css", HTTP_IF_MODIFIED_SINCE=DATE)
        self.assertEqual((status, fields, body), ("304 Not Modified", {}, None))
        self.assertFalse(self.answer.is_file)
        changed = self.serve("/s/a.css", HTTP_IF_MODIFIED_SINCE=DATE.replace("40 GMT", "39 GMT"))
        self.assertEqual(changed[0], "200 OK")

    def test_a_compressed_variant_is_sent_to_who_takes_it(self):
        options = {"static_maps": ("/s=files",), "static_gzip_all": True}
        _, fields, body = self.serve("/s/a.css", options, HTTP_ACCEPT_ENCODING="gzip, br")
        self.assertEqual(body, b"files/a.css.gz")
        self.assertEqual((fields["Content-Encoding"], fields["Content-Type"]), ("gzip", "text/css"))
        self.assertEqual(self.serve("/s/a.css", options)[2], b"files/a.css")

    def test_a_part_is_sent_where_ranges_are_honoured(self):
        options = {"static_maps": ("/s=files",), "honour_range": True}
        for asked, status, part, between in (
            ("bytes=0-4", "206 Partial Content", b"files", "bytes 0-4/11"),
            ("bytes=-3", "206 Partial Content", b"css", "bytes 8-10/11"),
            ("bytes=6-", "206 Partial Content", b"a.css", "bytes 6-10/11"),
            ("bytes=0-99", "200 OK", b"files/a.css", None),
            ("bytes=20-30", "416 Requested Range Not Satisfiable", None, "bytes */11"),
            ("lines=1-2", "416 Requested Range Not Satisfiable", None, "bytes */11"),
        ):
            answer = self.serve("/s/a.css", options, HTTP_RANGE=asked)
            self.assertEqual((answer[0], answer[2]), (status, part), asked)
            self.assertEqual(answer[1].get("Content-Range"), between, asked)
        self.assertEqual(self.serve("/s/a.css", HTTP_RANGE="bytes=0-4")[0], "200 OK")

    def test_types_may_expire_and_proxies_may_send_the_file(self):
        options = {
            "static_maps": ("/s=files",),
            "static_expires_type_mtime": ("text/css=60",),
        }
        fields = self.serve("/s/a.css", options)[1]
        self.assertEqual(fields["Expires"], "Sun, 09 Sep 2001 01:47:40 GMT")
        options = {"static_maps": ("/s=files",), "file_serve_header": "X-Sendfile"}
        _, fields, body = self.serve("/s/a.css", options)
        self.assertEqual((fields["X-Sendfile"], body), (f"{self.root}/files/a.css", None))


class Reading(unittest.TestCase):
    def test_media_types_are_read_as_the_original_reads_them(self):
        text = b"# x\ntext/x-c c h\ntext/html\thtml  htm\nother/html html\nno/end end"
        types = read_media_types(text)
        self.assertEqual(types[b"c"], b"text/x-c")
        self.assertEqual((types[b"html"], types[b"htm"]), (b"text/html", b"text/html"))
        self.assertNotIn(b"h", types)
        self.assertNotIn(b"end", types)

    def test_without_a_file_media_types_are_those_of_cpython(self):
        types = known_media_types()
        self.assertEqual(types[b"css"], b"text/css")
        # src/servers/uwsgi/static_files.rs tells the number in the log.
        self.assertEqual(len(types), 198)

    def test_dates_are_read_by_a_few_of_their_bytes(self):
        self.assertEqual(http_date(DATE), MODIFIED)
        self.assertEqual(http_date(DATE.replace("Sep", "Sxx")), MODIFIED)
        self.assertEqual(http_date(DATE.replace("Sep", "Xep")), 0)
        self.assertEqual(http_date("yesterday"), 0)
