"""Each instrument as the gateway sees it: its folders, its last file, its rhythm, and what is wrong with it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from job_repository.instruments.contacts import Contact, Contacts
from job_repository.instruments.diagnosis import Signs, condition_of
from job_repository.instruments.drains import InstrumentDrains
from job_repository.instruments.installations import Installation, Installations
from job_repository.instruments.newest import Newest, newest_of
from job_repository.instruments.pauses import InstrumentPauses
from job_repository.jobs.counts import by_instrument
from job_repository.record.store import Record
from labrelay.contracts.alarms import AlarmKind, AlarmRule
from labrelay.contracts.instruments import NEXT_STEPS, SENTENCES, InstrumentReport, WatchingThere
from labrelay.contracts.pauses import Pause, Pauses
from labrelay.contracts.rhythm import learned_s, working_s

HABIT: Final = AlarmRule(kind=AlarmKind.SILENT)
"""What counts as long where no rule says it: longer than the files so far taught, and ten minutes more."""
Rules = Callable[[], dict[str, AlarmRule]]


@dataclass(frozen=True)
class Known:
    """What is known of one instrument before it is judged."""

    name: str
    newest: Newest
    held: Pauses
    drain: Pause | None
    contact: Contact | None
    holder: Installation | None
    there: WatchingThere | None

    @property
    def members(self) -> dict[str, Any]:
        """What goes into its report as it is."""
        return {
            "paused": self.held,
            "draining": self.drain,
            "folders": self.there.folders if self.there else None,
            "heard_s": self.contact.silent_s if self.contact else None,
            "version": self.contact.version if self.contact else "",
            "held_since_ns": self.holder.since_ns if self.holder else None,
            "turned_away": len(self.holder.turned_away) if self.holder else 0,
            "last": self.newest.last,
        }


class Reports:
    """Looks at all instruments; changes nothing.

    Args:
        rules: those of silence, by instrument; the one of `""` holds for all others.
    """

    def __init__(
        self,
        record: Record,
        contacts: Contacts,
        installations: Installations,
        pauses: InstrumentPauses,
        drains: InstrumentDrains,
        rules: Rules,
    ) -> None:
        self._record = record
        self._contacts = contacts
        self._installations = installations
        self._pauses = pauses
        self._drains = drains
        self._rules = rules

    def all(self) -> tuple[InstrumentReport, ...]:
        """Every instrument that is known, by name."""
        rules, now_ns = self._rules(), time.time_ns()
        contacts, holders, drains = self._contacts.all(), self._installations.all(), self._drains.all()
        with self._record.read() as connection:
            counts = {each["instrument"]: each for each in by_instrument(connection)}
            names = sorted({*counts, *contacts, *holders, *drains, *self._pauses.all(), *rules} - {""})
            newest = {name: newest_of(connection, name) for name in names}
        known = [
            Known(
                name,
                newest[name],
                self._pauses.of(name),
                drains.get(name),
                contacts.get(name),
                holders.get(name),
                self._contacts.watching(name),
            )
            for name in names
        ]
        return tuple(
            self._report(each, rules.get(each.name) or rules.get(""), counts.get(each.name, {}), now_ns)
            for each in known
        )

    def _report(self, known: Known, rule: AlarmRule | None, counts: dict[str, Any], now_ns: int) -> InstrumentReport:
        watch, learned = rule or HABIT, learned_s(known.newest.arrivals_ns)
        expected, silent = watch.expected_s or learned, _silent_s(known.newest, watch, now_ns)
        late = expected is not None and silent is not None and silent > expected + watch.grace_s
        guarded = rule is not None and rule.enabled
        condition, told = condition_of(_signs(known, self._contacts.heard_for_s(), late=late, guarded=guarded))
        return InstrumentReport(
            instrument=known.name,
            condition=condition,
            told=told,
            cause=SENTENCES[condition].format(told=told),
            next_step=NEXT_STEPS.get(condition, ""),
            expected_s=expected,
            learned_s=learned,
            silent_s=silent,
            live=int(counts.get("live", 0)),
            jobs=int(counts.get("jobs", 0)),
            **known.members,
        )


def _silent_s(newest: Newest, rule: AlarmRule, now_ns: int) -> float | None:
    if not newest.arrivals_ns:
        return None
    return round(working_s(max(newest.arrivals_ns[0], newest.resumed_ns), now_ns, rule.hours), 1)


def _signs(known: Known, listening_s: float, *, late: bool, guarded: bool) -> Signs:
    folders = known.there.folders if known.there else ()
    trouble = known.there.trouble if known.there else ""
    return Signs(
        paused=known.held.active,
        draining=known.drain is not None,
        has_side=bool(known.contact or known.holder),
        heard_s=known.contact.silent_s if known.contact else None,
        listening_s=listening_s,
        unreachable=next((f"{each.path}: {each.unreachable}" for each in folders if each.unreachable), trouble),
        unreadable=next((each.troubles[0] for each in folders if each.troubles), known.newest.unreadable),
        unmatched=known.newest.unmatched,
        late=late,
        guarded=guarded,
    )
