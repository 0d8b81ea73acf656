"""The bandwidth cap: never faster than asked, shared fairly, without bursts."""

import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrelay.errors import ServiceUnavailable
from labrelay.files import CHUNK
from labrelay.pace import Pace
from labrelay.pause import PauseFiles
from labrelay.settings import Settings
from labrelay.settings.model import Oem
from labrelay.throttle import CREDIT_S, GRAIN_S, SMALLEST, Throttle, throttle_of

Bookings = st.lists(st.tuples(st.floats(0, 5), st.integers(1, CHUNK)), min_size=1, max_size=40)


@given(st.floats(1_000, 100_000_000), Bookings)
def test_no_stretch_of_time_carries_more_than_the_cap_and_a_short_burst(
    rate: float, bookings: list[tuple[float, int]]
) -> None:
    now = 0.0
    throttle = Throttle(rate, clock=lambda: now)
    sent: list[tuple[float, int]] = []  # when each was let go, and its bytes
    for idle_s, count in bookings:
        now += idle_s
        now += throttle.book(count)
        sent.append((now, count))
    for first, (begin, _) in enumerate(sent):
        total = 0
        for end, count in sent[first + 1 :]:
            total += count
            assert total <= rate * (end - begin + CREDIT_S) * 1.000001 + 1


def test_transfers_that_ask_in_turn_get_equal_shares() -> None:
    now = 0.0
    throttle = Throttle(1000, clock=lambda: now)
    dues = [[now + throttle.book(100) for _ in ("one", "other")] for _ in range(5)]
    assert dues == [[pytest.approx(0.1 + 0.2 * n), pytest.approx(0.2 + 0.2 * n)] for n in range(5)]


def test_without_a_cap_nothing_waits() -> None:
    throttle = Throttle(0)
    assert throttle.grain == CHUNK
    assert throttle.book(10**12) == 0


@pytest.mark.parametrize(("rate", "grain"), [(5_000_000, 500_000), (100, SMALLEST), (10**9, CHUNK)])
def test_pieces_are_small_enough_to_share(rate: float, grain: int) -> None:
    assert Throttle(rate).grain == grain
    assert GRAIN_S < CREDIT_S


def test_services_of_one_side_share_a_cap_and_other_sides_have_their_own(settings: Settings, tmp_path: Path) -> None:
    capped = settings.model_copy(update={"oem": Oem(max_mb_per_s=1)})
    other = capped.model_copy(update={"data": tmp_path / "other"})
    one = throttle_of(capped)
    assert throttle_of(capped) is one
    assert throttle_of(other) is not one
    assert throttle_of(settings) is not one


def pace(tmp_path: Path, settings: Settings, rate: float) -> Pace:
    return Pace(PauseFiles(settings.oem_layout), Throttle(rate))


def test_several_threads_together_keep_to_the_cap(settings: Settings, tmp_path: Path) -> None:
    shared = pace(tmp_path, settings, 400_000)
    chunk = b"x" * 50_000
    begin = time.monotonic()
    threads = [threading.Thread(target=lambda: list(shared.pieces(chunk))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - begin >= 4 * len(chunk) / 400_000 - CREDIT_S


def test_pieces_are_the_chunk(settings: Settings, tmp_path: Path) -> None:
    chunk = bytes(range(256)) * 40
    assert b"".join(pace(tmp_path, settings, 1_000_000).pieces(chunk)) == chunk
    assert list(pace(tmp_path, settings, 0).pieces(chunk)) == [chunk]


def test_whoever_waits_for_a_turn_hears_of_a_stop(settings: Settings, tmp_path: Path) -> None:
    slow = pace(tmp_path, settings, 1)
    threading.Timer(0.1, slow.halt).start()
    with pytest.raises(ServiceUnavailable, match="stopping"):
        slow.await_turn(1_000_000)
