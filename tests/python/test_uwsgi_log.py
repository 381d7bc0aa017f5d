"""uWSGI's lines for requests, as the real one wrote them."""

import unittest

from wasgi_runtime.servers.uwsgi.log import Answer, Log

OPTIONS = dict.fromkeys(
    [
        "--disable-logging",
        "--logformat",
        "--log-micros",
        "--log-x-forwarded-for",
        "--log-zero",
        "--log-slow",
        "--log-big",
        "--log-4xx",
        "--log-5xx",
    ],
    "",
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
    given = {"--" + name.replace("_", "-"): value for name, value in options.items()}
    return Log(OPTIONS | given, 7, 1).line(answer, dict(ENVIRON), 0)


class Lines(unittest.TestCase):
    def test_are_uwsgis_own_unless_there_is_a_format(self):
        self.assertTrue(line().startswith("[pid: 7|app: 0|req: \0] 127.0.0.1 () {12 vars in "))
        self.assertTrue(
            line().endswith("(HTTP/1.1 200) 2 headers in 65 bytes (1 switches on core 0)")
        )
        self.assertIn(" micros ", line(log_micros="true"))

    def test_have_what_the_format_names(self):
        text = line(
            logformat="%(uri)|%(method)|%(user)|%(status)|%(rsize)|%(hsize)|%(size)|%(cl)|%(wid)|%(vars)|%(core)"
            "|%(var.QUERY_STRING)|%(var.NOPE)|%(nope)|%(modifier1)|100%"
        )
        self.assertEqual(text, "/fast?a=b|GET|-|200|29|65|94|0|1|12|0|a=b|-|-|0|100%")

    def test_may_be_there_for_some_answers_only(self):
        for options in (
            {"status": "404", "log_4xx": "true"},
            {"status": "500", "log_5xx": "true"},
            {"sent": 0, "log_zero": "true"},
            {"sent": 100, "log_big": "100"},
        ):
            self.assertTrue(line(disable_logging="true", **options), options)
        for options in (
            {},
            {"log_4xx": "true"},
            {"log_slow": "400"},
            {"log_big": "100"},
            {"log_zero": "true"},
        ):
            self.assertFalse(line(disable_logging="true", **options), options)
