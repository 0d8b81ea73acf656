"""The record's own rule: steps of final jobs, and audit rows, leave it; a signed marker says which."""

import time
from typing import Final

from sqlalchemy import func, select

from job_repository.record.audit import Audit
from job_repository.record.audit_pruning import LIMIT, prune
from job_repository.record.models import JobEventRow, JobRow
from job_repository.record.store import Record
from labrelay.contracts.retention import Pile, RetentionReport, Why
from labrelay.errors import LabrelayError
from labrelay.settings.retention import DAY_NS, AgeRule

PART: Final = "record"
MOST_TURNS: Final = 500
"""Transactions of one run; what they leave is for the next."""


class RecordClearing:
    """One rule at work.

    Args:
        rule: its age counts from each step.
    """

    def __init__(self, rule: AgeRule, record: Record, chain: Audit) -> None:
        self._rule = rule
        self._record = record
        self._chain = chain

    @property
    def on(self) -> bool:
        """Whether it lets anything go."""
        return self._rule.on

    def look(self) -> RetentionReport:
        """What would go."""
        goes = self._pile(old=True)
        return self._report(goes, dry=True)

    def run(self, actor: str) -> RetentionReport:
        """Delete it, a bounded number of rows in each transaction."""
        if not self.on:
            return self._report(Pile(), dry=False)
        goes, trouble = self._pile(old=True), ""
        try:
            for _ in range(MOST_TURNS):
                gone = prune(self._record, self._chain, self._before_ns, actor)
                if max(gone.events, gone.rows) < LIMIT:
                    break
        except LabrelayError as error:
            trouble = error.cause
        return self._report(goes, dry=False, trouble=trouble)

    @property
    def _before_ns(self) -> int:
        return time.time_ns() - int((self._rule.days or 0) * DAY_NS)

    def _pile(self, *, old: bool) -> Pile:
        """Steps of jobs that are not live, older or younger than the rule says."""
        if old and not self.on:
            return Pile()
        live = select(JobRow.id).where(~JobRow.final)
        query = select(func.count(), func.min(JobEventRow.at_ns)).where(JobEventRow.job_id.not_in(live))
        if self.on:
            is_old = JobEventRow.at_ns < self._before_ns
            query = query.where(is_old if old else ~is_old)
        with self._record.read() as connection:
            count, oldest = connection.execute(query).one()
        return Pile(count=count, oldest_ns=oldest or 0)

    def _report(self, goes: Pile, *, dry: bool, trouble: str = "") -> RetentionReport:
        rest = self._pile(old=False)
        stays = {Why.YOUNG if self.on else Why.NO_RULE: rest} if rest.count else {}
        return RetentionReport(part=PART, rule=self._rule.words, dry=dry, goes=goes, stays=stays, trouble=trouble)
