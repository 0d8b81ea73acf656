"""The faulty network does what the faults ask of it."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.relay import Relay
from tests.ports import take_ports

WAIT_S = 0.3


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A relay before somebody who says everything back."""
    port, target = take_ports(2)
    with socket.create_server(("127.0.0.1", target)) as server:
        threading.Thread(target=echo, args=(server,), daemon=True).start()
        relay = Relay(port, target)
        yield relay
        relay.close()


def echo(server: socket.socket) -> None:
    def answer(peer: socket.socket) -> None:
        with peer:
            try:
                while piece := peer.recv(65_536):
                    peer.sendall(piece)
            except OSError:
                return

    while True:
        try:
            peer, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=(peer,), daemon=True).start()


@pytest.fixture
def client(relay: Relay) -> Iterator[socket.socket]:
    with connected(relay) as client:
        assert said_back(client, b"hello")
        yield client


def connected(relay: Relay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), timeout=5)


def said_back(client: socket.socket, text: bytes) -> bool:
    """Whether all of it comes back soon."""
    client.sendall(text)
    client.settimeout(WAIT_S)
    heard = b""
    try:
        while len(heard) < len(text) and (piece := client.recv(65_536)):
            heard += piece
    except TimeoutError:
        return False
    return heard == text


def heard_of_a_new_one(relay: Relay) -> bytes:
    with connected(relay) as other:
        return other.recv(1)


def chatter(client: socket.socket) -> None:
    for _ in range(100):
        client.sendall(bytes(10_000))
        client.recv(10_000)


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_stalled_way_holds_bytes_back_and_lets_them_go_later(relay: Relay, client: socket.socket, way: str) -> None:
    with relay.spoiled(lambda relay: setattr(getattr(relay, way), "stalled", True)):
        assert not said_back(client, b"held")
    assert client.recv(100) == b"held"


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_connection_is_reset_in_the_middle_of_a_body(relay: Relay, client: socket.socket, way: str) -> None:
    getattr(relay, way).reset_after = 100_000
    with pytest.raises(ConnectionResetError):
        chatter(client)
    assert relay.resets == 1
    with connected(relay) as other:
        assert said_back(other, b"again")


def test_a_cut_network_resets_what_is_open_and_takes_nothing_new(relay: Relay, client: socket.socket) -> None:
    relay.refuse = True
    assert relay.reset_all() == 1
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with pytest.raises(ConnectionResetError):
        heard_of_a_new_one(relay)
    relay.clear()
    with connected(relay) as third:
        assert said_back(third, b"again")


def test_a_peer_that_vanished_stays_silent_for_ever_and_a_new_connection_is_well(
    relay: Relay, client: socket.socket
) -> None:
    assert relay.lose_all() == 1
    relay.clear()
    assert not said_back(client, b"anybody?")
    with connected(relay) as other:
        assert said_back(other, b"yes")


def test_a_half_open_peer_accepts_and_never_answers(relay: Relay, client: socket.socket) -> None:
    relay.silent = True
    with connected(relay) as other:
        assert not said_back(other, b"anybody?")
    assert said_back(client, b"still here")


def test_a_throttled_and_a_delayed_way_take_their_time(relay: Relay, client: socket.socket) -> None:
    relay.down.bytes_per_s = 100_000
    relay.up.delay_s = 0.1
    begin = time.monotonic()
    client.settimeout(5)
    client.sendall(bytes(16_000))
    while len(client.recv(16_000, socket.MSG_PEEK)) < 16_000:
        time.sleep(0.01)
    assert time.monotonic() - begin > 0.2
