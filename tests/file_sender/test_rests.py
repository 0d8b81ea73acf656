"""Rests grow, know how long the same trouble has lasted, and end when told."""

from file_sender.oem.rests import LONGEST_S, Rests


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_same_trouble_is_timed_from_its_first_time() -> None:
    clock = Clock()
    rests = Rests(clock)
    assert rests.begin("a", "input_missing", "gone") == 0
    clock.now += 3
    assert rests.begin("a", "input_missing", "gone") == 3
    clock.now += 1
    assert rests.begin("a", "input_unreadable", "locked") == 0


def test_pauses_grow_up_to_a_limit_and_end() -> None:
    clock = Clock()
    rests = Rests(clock)
    rests.begin("a", "input_missing", "gone")
    assert rests.resting("a")
    clock.now += 0.6
    assert not rests.resting("a")
    for _ in range(20):
        rests.begin("a", "input_missing", "gone")
    clock.now += 5
    assert rests.resting("a")
    clock.now += LONGEST_S
    assert not rests.resting("a")


def test_a_nudge_ends_pauses_but_not_the_memory_of_trouble() -> None:
    clock = Clock()
    rests = Rests(clock)
    rests.begin("a", "input_missing", "gone")
    rests.wake()
    assert not rests.resting("a")
    clock.now += 4
    assert rests.begin("a", "input_missing", "gone") == 4


def test_what_is_no_longer_wanted_is_forgotten() -> None:
    rests = Rests()
    rests.begin("a", "input_missing", "gone")
    rests.begin("b", "input_missing", "gone")
    rests.keep_only({"b"})
    assert list(rests.causes()) == ["b"]
