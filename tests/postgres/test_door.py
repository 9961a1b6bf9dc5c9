"""A host that takes connections and says nothing: one thread waits for it, the others are told at once."""

import socket
import threading
import time

import pytest

from modelkeep.storage.errors import Away
from modelkeep.storage.postgres.door import Door

_PATIENCE = 2
_AT_ONCE = 0.5


def _seconds(door: Door) -> float:
    began = time.monotonic()
    with pytest.raises(Away):
        door.open()
    return time.monotonic() - began


def test_while_one_thread_tries_the_others_do_not_wait() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        door = Door(f"postgresql://a@127.0.0.1:{silent.getsockname()[1]}/x?connect_timeout={_PATIENCE}", prepare=True)
        assert _seconds(door) >= _PATIENCE
        assert _seconds(door) < _AT_ONCE
        time.sleep(0.6)
        trying = threading.Thread(target=_seconds, args=(door,))
        trying.start()
        time.sleep(0.2)
        assert _seconds(door) < _AT_ONCE
        with pytest.raises(Away):
            door.check()
        trying.join()
        door.close()
