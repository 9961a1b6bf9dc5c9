"""SIGUSR1 switches the log to debug and back, in a server that runs."""

import signal
from pathlib import Path

from tests.support.api import Api
from tests.support.server import RunningServer


def test_the_level_is_switched_and_switched_back(data_directory: Path) -> None:
    with RunningServer(data_directory) as server:
        for level in ("debug", "info"):
            server.process.send_signal(signal.SIGUSR1)
            while f"the log level is {level} now".encode() not in server.problems:
                assert server.process.poll() is None
        assert Api(server.url).call("GET", "/health").status == 200
