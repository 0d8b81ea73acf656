"""What the review page shows, as its address says it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import urlencode

from labrelay.contracts.filters import JobFilter
from labrelay.contracts.reviews import Order
from labrelay.contracts.verdicts import Judgement

PATH: Final = "/review"
OWN: Final = ("order", "seed", "judged", "blind", "keys", "at", "last", "was", "why")
LARGEST_SEED: Final = (1 << 31) - 1
EVERY: Final = JobFilter()
Pairs = Sequence[tuple[str, str]]
Judged = Literal["no", "yes", "any"]
JUDGED: Final[dict[str, Judged]] = {"no": "no", "yes": "yes", "any": "any"}


@dataclass(frozen=True)
class Before:
    """What was said of an image before its newest verdict: an undo says it again."""

    verdict: Judgement = Judgement.NONE
    reason: str = ""


@dataclass(frozen=True)
class ReviewAddress:
    """One image of a queue.

    Attributes:
        wanted: which images.
        seed: of the order by lot.
        judged: images without a verdict, with one, or all.
        blind: neither name nor plate, count or flags are shown.
        keys: whether single letters judge.
        at: the job looked at; empty for the first that waits.
        last: the job judged just now, and what was said of it `before`.
    """

    wanted: JobFilter = EVERY
    order: Order = Order.NEWEST
    seed: int = 0
    judged: Judged = "no"
    blind: bool = False
    keys: bool = True
    at: str = ""
    last: str = ""
    before: Before = Before()

    @classmethod
    def read(cls, pairs: Pairs) -> "ReviewAddress":
        """The image that a query's names and values stand for; what makes no sense of our own names says nothing.

        Raises:
            FilterInvalid: the choice of jobs can't be read.
        """
        own = {name: value for name, value in pairs if name in OWN}
        order, seed, was = own.get("order", ""), own.get("seed", ""), own.get("was", "")
        return cls(
            wanted=JobFilter.of([(name, value) for name, value in pairs if value and name not in OWN]),
            order=Order(order) if order in set(Order) else Order.NEWEST,
            seed=min(int(seed), LARGEST_SEED) if seed.isdecimal() and seed.isascii() and len(seed) < 12 else 0,
            judged=JUDGED.get(own.get("judged", ""), "no"),
            blind=own.get("blind") == "yes",
            keys=own.get("keys") != "off",
            at=own.get("at", "")[:36],
            last=own.get("last", "")[:36],
            before=Before(Judgement(was) if was in set(Judgement) else Judgement.NONE, own.get("why", "")),
        )

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """The queue itself, without a place in it."""
        told = [("order", self.order.value)] if self.order is not Order.NEWEST else []
        told += [("seed", str(self.seed))] if self.seed else []
        told += [("judged", self.judged)] if self.judged != "no" else []
        told += [("blind", "yes")] if self.blind else []
        told += [] if self.keys else [("keys", "off")]
        return (*self.wanted.pairs, *told)

    @property
    def url(self) -> str:
        """Where this is."""
        place = [(name, value) for name, value in (("at", self.at), ("last", self.last)) if value]
        if self.last and self.before.verdict:
            place += [("was", self.before.verdict.value), ("why", self.before.reason)]
        pairs = [*self.settings, *place]
        return f"{PATH}?{urlencode(pairs)}" if pairs else PATH

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        """The same for the repository's `/api/v2/reviews/queue`."""
        own = ("order", self.order.value), ("seed", str(self.seed)), ("judged", self.judged), ("at", self.at)
        return (*self.wanted.pairs, *((name, value) for name, value in own if value))

    def looking_at(self, job_id: str | None) -> "ReviewAddress":
        """At another image; None for the first that waits."""
        return replace(self, at=job_id or "", last="", before=Before())

    def after(self, judged: str, before: Before, following: str | None) -> "ReviewAddress":
        """On from an image that was judged just now."""
        return replace(self, at=following or "", last=judged, before=before)
