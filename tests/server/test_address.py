"""The port of a server: found, held, or refused in one line."""

import socket

import pytest

from modelkeep.server.address import PortUnusable, held_port

_HOST = "127.0.0.1"


def test_a_free_port_is_nobody_elses_from_the_moment_it_is_found() -> None:
    with held_port(_HOST, 0) as holder, socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((_HOST, holder.getsockname()[1]))


def test_workers_can_listen_on_a_port_that_is_held() -> None:
    with held_port(_HOST, 0) as holder, socket.socket() as one, socket.socket() as two:
        for worker in (one, two):
            worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            worker.bind(holder.getsockname())
            worker.listen()


def test_a_port_that_another_program_has_is_refused_in_one_line() -> None:
    with socket.create_server((_HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortUnusable, match=f"Port {port} of {_HOST} is in use by another process."):
            held_port(_HOST, port)


def test_a_port_that_another_server_shares_between_its_workers_is_refused_too() -> None:
    with held_port(_HOST, 0) as other, pytest.raises(PortUnusable):
        held_port(_HOST, other.getsockname()[1])


def test_a_host_that_is_not_this_machine_is_refused_in_one_line() -> None:
    with pytest.raises(PortUnusable, match="Cannot listen on"):
        held_port("203.0.113.7", 0)
