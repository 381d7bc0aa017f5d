"""uWSGI's lines for requests, as the real one wrote them."""

import unittest
from dataclasses import replace

from wasgi_runtime.servers.uwsgi.log import Answer, Log
from wasgi_runtime.servers.uwsgi.options import Options

OPTIONS = Options(
    need_app=False,
    wsgi_file=None,
    module=None,
    callable=None,
    mounts=(),
    single_interpreter=False,
    manage_script_name=False,
    ignore_script_name=False,
    default_app=True,
    pyargv="",
    py_auto_reload=None,
    py_auto_reload_ignore="",
    post_buffering=None,
    check_static=(),
    static_maps=(),
    static_maps2=(),
    static_skip_ext=(),
    static_index=(),
    static_safe=(),
    static_expires_type=(),
    static_expires_type_mtime=(),
    static_gzip_all=False,
    static_gzip_dir=(),
    static_gzip_ext=(),
    mime_files=(),
    honour_range=False,
    file_serve_header=None,
    logs_requests=True,
    log_format=None,
    log_micros=False,
    log_x_forwarded_for=False,
    log_4xx=False,
    log_5xx=False,
    log_zero=False,
    log_slow=None,
    log_big=None,
)
ENVIRON = {
    "REQUEST_METHOD": "GET",
    "REQUEST_URI": "/fast?a=b",
    "QUERY_STRING": "a=b",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "CONTENT_LENGTH": "",
}


def line(status="200", sent=29, **options):
    answer = Answer(ENVIRON)
    answer.status, answer.sent, answer.head, answer.fields, answer.switches = status, sent, 65, 2, 1
    answer.app, answer.calls = 0, 3
    kind, *parts = Log(replace(OPTIONS, **options), 7, 1).message(answer, dict(ENVIRON), 0)
    return [kind, *parts[:2]] if kind else []


class Lines(unittest.TestCase):
    def test_are_uwsgis_own_unless_there_is_a_format(self):
        kind, before, after = line()
        self.assertEqual((kind, before), ("numbered", "[pid: 7|app: 0|req: "))
        self.assertTrue(after.startswith("] 127.0.0.1 () {12 vars in "))
        self.assertTrue(
            after.endswith("(HTTP/1.1 200) 2 headers in 65 bytes (1 switches on core 0)")
        )
        self.assertIn(" micros ", line(log_micros=True)[2])

    def test_have_what_the_format_names(self):
        text = line(
            log_format="%(uri)|%(method)|%(user)|%(status)|%(rsize)|%(hsize)"
            "|%(size)|%(cl)|%(wid)|%(vars)|%(core)"
            "|%(var.QUERY_STRING)|%(var.NOPE)|%(nope)|%(modifier1)|100%"
        )
        self.assertEqual(
            text, ["whole", "/fast?a=b|GET|-|200|29|65|94|0|1|12|0|a=b|-|-|0|100%", ""]
        )

    def test_may_be_there_for_some_answers_only(self):
        for options in (
            {"status": "404", "log_4xx": True},
            {"status": "500", "log_5xx": True},
            {"sent": 0, "log_zero": True},
            {"sent": 100, "log_big": 100},
        ):
            self.assertTrue(line(logs_requests=False, **options), options)
        for options in (
            {},
            {"log_4xx": True},
            {"log_slow": 400},
            {"log_big": 100},
            {"log_zero": True},
        ):
            self.assertFalse(line(logs_requests=False, **options), options)

    def test_are_followed_by_what_the_master_counts(self):
        answer = Answer(ENVIRON)
        answer.app, answer.calls, answer.sent, answer.head = 1, 7, 10, 65
        answer.exceptions = 2
        log = Log(OPTIONS, 7, 1)
        counted = log.message(answer, dict(ENVIRON), 0)[3:]
        self.assertEqual((counted[:3], counted[4:]), (["1", "7", "75"], ["", "0", "0", "2"]))
        self.assertTrue(counted[3].isdecimal())
        answer.app, answer.calls, answer.is_file = -1, 0, True
        counted = log.message(answer, dict(ENVIRON), 0)[3:]
        self.assertEqual(counted[:5], ["", "", "75", "", "file"])
