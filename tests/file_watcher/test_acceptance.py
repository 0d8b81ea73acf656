"""Pending, accepted, ended, refused: order per path, predecessors, lost journals and new epochs."""

from uuid import uuid4

import pytest
from sqlalchemy import RowMapping

from file_watcher.bodies import Acceptance, Ended, Refusal, Resync
from file_watcher.overview import Overview
from tests.file_watcher.conftest import Bench

FIRST, SECOND, THIRD = (str(uuid4()) for _ in range(3))


def pending(bench: Bench) -> list[RowMapping]:
    return bench.acceptances.pending(["input"], 100)


def accept(bench: Bench, capture_id: str, *, epoch: int = 1, ended: bool = False) -> None:
    entry_id = pending(bench)[0]["id"]
    bench.acceptances.accept([Acceptance(id=entry_id, capture_id=capture_id, epoch=epoch, ended=ended)])


def states(bench: Bench) -> list[str]:
    return [entry.state for entry in reversed(Overview(bench.database).entries().items)]


def grow(bench: Bench, *contents: bytes) -> None:
    for content in contents:
        bench.write("A01.tif", content)
        bench.rest()


def test_contents_of_one_path_are_handed_out_in_order_with_their_predecessors(bench: Bench) -> None:
    grow(bench, b"A", b"B", b"A")
    for capture_id, generation, forerunner in ((FIRST, 1, None), (SECOND, 2, FIRST), (THIRD, 3, SECOND)):
        assert [(row["generation"], row["forerunner"]) for row in pending(bench)] == [(generation, forerunner)]
        accept(bench, capture_id)
    assert pending(bench) == []
    assert states(bench) == ["open"] * 3


def test_other_paths_dont_wait_for_each_other(bench: Bench) -> None:
    for name in ("A01.tif", "A02.tif"):
        bench.write(name, b"x")
    bench.rest()
    assert {row["path"] for row in pending(bench)} == {"A01.tif", "A02.tif"}


def test_a_capture_that_ended_is_closed_and_the_cursor_kept(bench: Bench) -> None:
    grow(bench, b"A")
    accept(bench, FIRST)
    bench.acceptances.end(Ended(epoch=1, next=17, captures=(FIRST,)))
    assert states(bench) == ["closed"]
    assert bench.acceptances.position() == (1, 17)


def test_an_acceptance_that_ended_at_once_is_closed(bench: Bench) -> None:
    grow(bench, b"A")
    accept(bench, FIRST, ended=True)
    assert states(bench) == ["closed"]


def test_an_end_that_is_heard_before_the_acceptance_counts(bench: Bench) -> None:
    grow(bench, b"A")
    bench.acceptances.end(Ended(epoch=1, next=5, captures=(FIRST,)))
    accept(bench, FIRST)
    assert states(bench) == ["closed"]


def test_a_new_epoch_reopens_all_that_isnt_closed_and_reads_the_feed_again(bench: Bench) -> None:
    grow(bench, b"A", b"B", b"C")
    for capture_id in (FIRST, SECOND, THIRD):
        accept(bench, capture_id)
    bench.acceptances.end(Ended(epoch=1, next=3, captures=(FIRST,)))
    bench.acceptances.end(Ended(epoch=2, next=3))
    assert states(bench) == ["closed", "pending", "pending"]
    assert bench.acceptances.position() == (2, 0)
    assert [(row["generation"], row["forerunner"]) for row in pending(bench)] == [(2, FIRST)]
    accept(bench, SECOND, epoch=2)
    assert [(row["generation"], row["forerunner"]) for row in pending(bench)] == [(3, SECOND)]


def test_a_repeated_acceptance_and_a_repeated_end_change_nothing(bench: Bench) -> None:
    grow(bench, b"A")
    row = pending(bench)[0]
    taken = Acceptance(id=row["id"], capture_id=FIRST, epoch=1)
    bench.acceptances.end(Ended(epoch=1, next=4))
    bench.acceptances.accept([taken])
    for _ in range(2):
        bench.acceptances.end(Ended(epoch=1, next=5, captures=(FIRST,)))
    bench.acceptances.accept([taken])
    assert states(bench) == ["closed"]
    assert bench.acceptances.position() == (1, 5)


def test_after_a_lost_journal_the_same_content_is_adopted(bench: Bench) -> None:
    grow(bench, b"A")
    row = pending(bench)[0]
    bench.acceptances.end(Ended(epoch=1, next=5, captures=(FIRST,)))
    bench.acceptances.resync(Resync(id=row["id"], last_capture_id=FIRST, last_sha256=row["sha256"]))
    assert states(bench) == ["closed"]


def test_after_a_lost_journal_other_content_goes_on_from_the_gateways_last(bench: Bench) -> None:
    grow(bench, b"B")
    row = pending(bench)[0]
    bench.acceptances.resync(Resync(id=row["id"], last_capture_id=FIRST, last_sha256="0" * 64))
    again = pending(bench)[0]
    assert (again["resynced"], again["predecessor"]) == (True, FIRST)


def test_a_gateway_that_knows_no_capture_gets_a_first_one(bench: Bench) -> None:
    grow(bench, b"A", b"B")
    accept(bench, FIRST)
    bench.acceptances.resync(Resync(id=pending(bench)[0]["id"]))
    again = pending(bench)[0]
    assert (again["resynced"], again["predecessor"]) == (True, None)


def test_a_gateway_that_knows_a_later_content_has_taken_this_one(bench: Bench) -> None:
    grow(bench, b"A", b"B")
    accept(bench, FIRST)
    accept(bench, SECOND)
    bench.acceptances.end(Ended(epoch=2, next=0))
    row = pending(bench)[0]
    bench.acceptances.resync(Resync(id=row["id"], last_capture_id=SECOND, last_sha256="0" * 64))
    assert states(bench) == ["open", "pending"]
    assert pending(bench)[0]["forerunner"] == FIRST


def test_a_refused_entry_stays_with_its_reason_and_holds_its_path_until_it_tries_again(bench: Bench) -> None:
    grow(bench, b"A", b"B")
    bench.acceptances.refuse([Refusal(id=pending(bench)[0]["id"], cause="the name is not allowed")])
    assert pending(bench) == []
    assert Overview(bench.database).entries(state="refused").items[0].cause == "the name is not allowed"
    assert bench.acceptances.retry_refused() == 1
    assert [row["generation"] for row in pending(bench)] == [1]


@pytest.mark.parametrize("folders", [[], ["other"]])
def test_entries_of_folders_that_arent_watched_any_more_are_kept_back(bench: Bench, folders: list[str]) -> None:
    grow(bench, b"A")
    assert bench.acceptances.pending(folders, 10) == []
    assert states(bench) == ["pending"]


def test_ends_that_the_record_no_longer_holds_open_their_captures_again_under_their_names(bench: Bench) -> None:
    grow(bench, b"A", b"B", b"C")
    for capture_id in (FIRST, SECOND, THIRD):
        accept(bench, capture_id)
    for number, capture_id in ((3, FIRST), (8, SECOND), (9, THIRD)):
        bench.acceptances.end(Ended(epoch=1, next=number, captures=(capture_id,)))
    bench.acceptances.accept([])
    bench.acceptances.end(Ended(epoch=900, next=0, captures=(), kept=5))
    assert states(bench) == ["closed", "pending", "pending"]
    assert (bench.acceptances.position(), bench.acceptances.feed_epoch()) == ((900, 0), 900)
    assert [(row["capture_id"], row["forerunner"]) for row in pending(bench)] == [(SECOND, FIRST)]
    accept(bench, SECOND, epoch=900)
    bench.acceptances.end(Ended(epoch=900, next=6, captures=(SECOND,)))
    assert states(bench) == ["closed", "closed", "pending"]


def test_an_end_of_unknown_number_is_opened_by_any_fall_of_the_record(bench: Bench) -> None:
    grow(bench, b"A")
    accept(bench, FIRST, ended=True)
    bench.acceptances.end(Ended(epoch=2, next=0, kept=10**6))
    assert states(bench) == ["pending"]


def test_the_epoch_of_the_feed_is_another_than_that_of_the_last_answer(bench: Bench) -> None:
    grow(bench, b"A")
    bench.acceptances.end(Ended(epoch=1, next=4))
    accept(bench, FIRST, epoch=2)
    assert (bench.acceptances.position(), bench.acceptances.feed_epoch()) == ((2, 0), 1)
