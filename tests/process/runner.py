"""Runs the tests of a module in the main thread of a worker process, and says how each went; then
there is an app.
"""

import json
import os
import unittest


class Result(unittest.TestResult):
    def _say(self, test, outcome, text=""):
        print("RESULT", json.dumps([test.id(), outcome, text]), flush=True)

    def startTest(self, test):
        super().startTest(test)
        self.before = len(self.failures) + len(self.errors)

    def stopTest(self, test):
        broken = [*self.failures, *self.errors][self.before :]
        self._say(test, "failed" if broken else "passed", "\n".join(text for _, text in broken))
        super().stopTest(test)


unittest.defaultTestLoader.loadTestsFromName(os.environ["TESTS"]).run(Result())
print("DONE", flush=True)


def app(environ, start_response):
    start_response("200 OK", [])
    return [b"tested"]
