"""The review page's address and words."""

import pytest

from dashboard.review.address import Before, ReviewAddress
from dashboard.review.words import REASONS, said_of
from labrelay.contracts.filters import FilterInvalid
from labrelay.contracts.verdicts import Judgement, Review
from labrelay.words import speaking

PAIRS = [("plate", "P 7"), ("order", "random"), ("seed", "9"), ("judged", "any"), ("blind", "yes"), ("at", "job-1")]


def test_an_address_is_read_as_it_is_written() -> None:
    address = ReviewAddress.read([*PAIRS, ("last", "job-0"), ("was", "reject"), ("why", "a & b")])
    assert address.url == (
        "/review?plate=P+7&order=random&seed=9&judged=any&blind=yes&at=job-1&last=job-0&was=reject&why=a+%26+b"
    )
    assert address.before == Before(Judgement.REJECT, "a & b")
    assert ReviewAddress().url == "/review"


def test_the_repository_is_asked_for_the_queue_and_nothing_of_the_page() -> None:
    asked = dict(ReviewAddress.read(PAIRS).asked)
    assert asked == {"plate": "P 7", "order": "random", "seed": "9", "judged": "any", "at": "job-1"}


def test_after_a_verdict_the_next_one_is_looked_at_and_the_last_can_be_undone() -> None:
    onward = ReviewAddress.read(PAIRS).after("job-1", Before(Judgement.ACCEPT), "job-2")
    assert (onward.at, onward.last, onward.before.verdict) == ("job-2", "job-1", Judgement.ACCEPT)
    assert onward.looking_at(None).url == "/review?plate=P+7&order=random&seed=9&judged=any&blind=yes"


@pytest.mark.parametrize("seed", ["-1", "x", "９", "1e3", "9" * 400, ""])
def test_a_seed_that_is_no_number_is_none(seed: str) -> None:
    assert ReviewAddress.read([("seed", seed), ("order", "best"), ("judged", "?"), ("was", "?")]) == ReviewAddress()


def test_a_choice_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(FilterInvalid):
        ReviewAddress.read([("colour", "red")])


def test_a_verdict_is_said_with_its_reason() -> None:
    review = Review(job_id="1", verdict=Judgement.REJECT, by="Ada", reason="a hair")
    assert said_of(review) == "Rejected by Ada: a hair"
    assert said_of(Review(job_id="1")) == ""
    assert said_of(review.model_copy(update={"verdict": Judgement.UNSURE, "reason": ""})) == "Ada is unsure"


def test_the_reasons_that_are_offered_are_kept_in_one_language_and_said_in_the_readers() -> None:
    with speaking("en"):
        told = [said_of(Review(job_id="1", verdict=Judgement.REJECT, by="Ada", reason=each)) for each in REASONS]
    assert told == [f"Rejected by Ada: {each}" for each in REASONS]
