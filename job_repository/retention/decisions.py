"""Retention's decisions. Owners delete; the repository alone knows who needs what, so it says what may go.

A decision and a retry can't pass each other: both hold the same lock of `Releases`, and an owner has taken the file
away under another name before it asks, so that whoever begins again afterwards doesn't find it.
"""

import time
from collections.abc import Sequence
from typing import Final

from job_repository.captures.store import CaptureStore
from job_repository.holdings import holds_input
from job_repository.live.restore import Restorer
from job_repository.live.store import LiveStore
from job_repository.record.projector import Projector
from job_repository.record.store import Record
from job_repository.retention.facts import Facts
from job_repository.retention.releases import Releases
from job_repository.retention.rules import Content, of_input, of_original, of_output, of_push
from job_repository.retention.vouchers import Vouchers
from labrelay.contracts.retention import Asked, Kind, Question, Released, Terms, Verdict, Why
from labrelay.errors import NotFound
from labrelay.layout import GatewayLayout
from labrelay.settings.retention import Retention as Rules

KEEP: Final = Terms(days=1e9)
RECORDED_S: Final = 5.0
"""So long a decision waits for the record to hold what it was made on."""


class Retention:
    """Says what may go, and writes down what did.

    Attributes:
        rules: the gateway's.
    """

    def __init__(
        self,
        rules: Rules,
        record: Record,
        live: LiveStore,
        projector: Projector,
        restorer: Restorer,
        releases: Releases,
        layout: GatewayLayout,
    ) -> None:
        self.rules = rules
        self._live = live
        self._projector = projector
        self._restorer = restorer
        self._layout = layout
        self._captures = CaptureStore(record)
        self.releases = releases
        self.vouchers = Vouchers()
        self._facts = Facts(record, live, releases, self.vouchers.of)

    def judge(self, kind: Kind, asked: Sequence[Asked]) -> tuple[Verdict, ...]:
        """What would be said now; the instruments are asked what must be asked."""
        self._restorer.guarded(self._live.check)
        verdicts = self._judged(kind, asked)
        if kind is Kind.INPUTS:
            self._ask([verdict.key for verdict in verdicts if verdict.why is Why.ASKED])
        return verdicts

    def let_go(self, released: Released) -> Verdict:
        """Decide, and write the decision down before the owner deletes."""
        return self._restorer.guarded(lambda: self._decide(released))

    def _decide(self, released: Released) -> Verdict:
        self._live.check()
        with self.releases.standing([self._lock_of(released)]):
            verdict = self._judged(released.kind, [released.asked])[0]
            if verdict.why is Why.NOTHING and not self._all_recorded():
                verdict = verdict.model_copy(update={"why": Why.UNFINISHED})
            if verdict.why is Why.NOTHING:
                self.releases.let_go(released)
        return verdict

    def _all_recorded(self) -> bool:
        """What the live store alone holds may be lost with it: a job whose end isn't on record yet has none."""
        return self._projector.await_position(self._live.check(), RECORDED_S)

    def _lock_of(self, released: Released) -> str:
        """An original and the gateway's copy of it are decided on one after the other."""
        if released.kind is not Kind.ORIGINALS:
            return released.key
        found = self._facts.capture(released.key)
        return found[0] if found else released.key

    def _judged(self, kind: Kind, asked: Sequence[Asked]) -> tuple[Verdict, ...]:
        now_ns = time.time_ns()
        if kind is Kind.OUTPUTS:
            return self._outputs(asked, now_ns)
        if kind is Kind.ORIGINALS:
            return tuple(self._original(each, now_ns) for each in asked)
        return self._inputs(kind, asked, now_ns)

    def _inputs(self, kind: Kind, asked: Sequence[Asked], now_ns: int) -> tuple[Verdict, ...]:
        contents = self._facts.contents([each.key for each in asked])

        def why(each: Asked, content: Content) -> Why:
            if kind is Kind.PUSHES:
                return of_push(content, each.modified_ns, self.rules.pushes, now_ns)
            return of_input(content, self.rules.inputs, now_ns)

        pairs = [(each, contents[each.key]) for each in asked]
        return tuple(
            Verdict(key=each.key, why=why(each, content), since_ns=content.since_ns or each.modified_ns)
            for each, content in pairs
        )

    def _outputs(self, asked: Sequence[Asked], now_ns: int) -> tuple[Verdict, ...]:
        jobs = self._facts.jobs([each.key for each in asked])

        def verdict(each: Asked) -> Verdict:
            job = jobs.get(each.key)
            since_ns = job.updated_ns if job else each.modified_ns
            return Verdict(key=each.key, why=of_output(job, self.rules.outputs, now_ns), since_ns=since_ns)

        return tuple(map(verdict, asked))

    def _original(self, asked: Asked, now_ns: int) -> Verdict:
        found = self._facts.capture(asked.key)
        if found is None:
            return Verdict(key=asked.key, why=Why.UNFINISHED)
        key, content = found
        why = of_original(content, asked.terms or KEEP, self.rules.inputs, now_ns)
        if why is Why.NOTHING and not holds_input(self._layout, *key.split("/", 1)):
            why = Why.NOT_HELD
        return Verdict(key=asked.key, why=why, since_ns=content.since_ns)

    def _ask(self, keys: Sequence[str]) -> None:
        contents = self._facts.contents(keys) if keys else {}
        for content in contents.values():
            open_places = [place for place in content.places if place.here and place.vouched is None]
            for place in open_places[:1]:
                self._ask_for(place.capture_id)

    def _ask_for(self, capture_id: str) -> None:
        try:
            told = self._captures.get(capture_id).announcement
        except NotFound:
            return
        question = Question(
            capture_id=capture_id, folder=told.folder, path=told.path, size=told.size, sha256=told.sha256
        )
        self.vouchers.ask(told.instrument, question)
