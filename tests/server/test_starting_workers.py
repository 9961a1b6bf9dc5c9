"""A server process that is told to stop while it is being started."""

import subprocess
import sys

_SCRIPT = """
import os, signal, threading, time
from modelkeep.server.workers import Workers

class Slow(Workers):
    def _begin(self, reports, number):
        time.sleep(1)
        super()._begin(reports, number)

def serve(report, parent, number):
    report("")
    time.sleep(60)

threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
begun = time.monotonic()
Slow(2, serve, 20).run(lambda: None)
print(time.monotonic() - begun)
"""


def test_one_that_has_no_handlers_yet_stops_when_it_has_them() -> None:
    outcome = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=60, check=True)
    assert float(outcome.stdout) < 10
