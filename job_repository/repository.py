"""The repository of one gateway: its stores and what works on them, put together once."""

import threading

from fastapi import Request

from job_repository.actions.judging import Judging
from job_repository.actions.rules import Foresight
from job_repository.actions.runner import Actions
from job_repository.actions.store import ActionStore
from job_repository.actions.views import ActionViews
from job_repository.alarms.channels import channels_of, ways_of
from job_repository.alarms.deliveries import Courier
from job_repository.alarms.evaluator import Evaluator
from job_repository.alarms.store import AlarmStore
from job_repository.backups.schedule import Schedule
from job_repository.captures.arrivals import Captures
from job_repository.captures.store import CaptureStore
from job_repository.changes import RECORD, Changes, job_bell
from job_repository.health.findings import Health
from job_repository.instruments.absence import Absence
from job_repository.instruments.contacts import Contacts
from job_repository.instruments.drains import InstrumentDrains
from job_repository.instruments.installations import Installations
from job_repository.instruments.pauses import InstrumentPauses
from job_repository.instruments.reports import Reports
from job_repository.instruments.silences import Silences
from job_repository.jobs.jobs import Jobs
from job_repository.jobs.queries import Queries
from job_repository.jobs.recovery import Person as Person
from job_repository.jobs.recovery import Recovery
from job_repository.jobs.waivers import Waivers
from job_repository.live.clocks import Clocks
from job_repository.live.epochs import Epochs
from job_repository.live.lease import BEAT_S, Lease, LiveStoreTaken
from job_repository.live.restore import Restorer
from job_repository.live.store import LiveStore
from job_repository.owned import LongPolls
from job_repository.phases.reading import Phases
from job_repository.plates.answers import WellAnswers
from job_repository.plates.editions import PlateEditions
from job_repository.plates.finishing import Plates
from job_repository.plates.maps import PlateAtlas
from job_repository.plates.sites import SiteShelf
from job_repository.plates.store import PlateStore
from job_repository.record.audit import Audit
from job_repository.record.projection import Applied
from job_repository.record.projector import Projector
from job_repository.record.settings_seen import note_settings
from job_repository.record.store import Record
from job_repository.retention.clearing import RecordClearing
from job_repository.retention.decisions import Retention
from job_repository.retention.releases import Releases
from job_repository.rooms import Rooms
from job_repository.sets.actions import SetActions
from job_repository.sets.gathering import Gathering
from job_repository.tasks.store import Tasks
from job_repository.tokens.store import Tokens
from job_repository.verdicts.queue import ReviewQueues
from job_repository.verdicts.store import Verdicts
from job_repository.views.store import Views
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.errors import LabrelayError, ServiceUnavailable
from labrelay.http.turns import Turns
from labrelay.loops import OwnerLoop, Turn
from labrelay.retention import Retention as Clearings
from labrelay.settings import Settings
from labrelay.telemetry import logger

LOOK_S = 0.25
ABSENCE_S = 30.0
BACKUPS_S = 30.0
ALARMS_S = 2.0
_log = logger("job_repository")


class Repository:
    """Everything that the routes call."""

    def __init__(self, settings: Settings) -> None:
        layout = settings.gateway_layout
        self.settings = settings
        self._incomplete = threading.Event()
        self._incomplete.set()
        self.record = Record(settings.record_url)
        disk = None if settings.redis.url else layout.root
        self.live = LiveStore(settings.redis_url, disk)
        self.lease = Lease(settings.redis_url, layout, take_over=settings.redis.take_over, disk=disk)
        self.rooms = Rooms(settings)
        self.changes = Changes()
        self.turns = Turns()
        self.clocks = Clocks(settings.launcher)
        self.audit = Audit(self.record, layout.secrets)
        self.epochs = Epochs(self.record)
        self.contacts = Contacts()
        self.installations = Installations(self.record, self.audit)
        self.tasks = Tasks(self.record, self.audit)
        self.tokens = Tokens(self.record, self.audit)
        self.views = Views(self.record, self.audit)
        self.verdicts = Verdicts(self.record, self.audit)
        self.drains = InstrumentDrains(self.record, self.audit)
        self.pauses = InstrumentPauses(self.record, self.audit, lambda: self.changes.note({RECORD}, 0))
        self.channels, ways = channels_of(settings), ways_of(settings)
        self.alarms = AlarmStore(self.record, self.audit, tuple(ways))
        self.courier = Courier(self.record, self.audit, ways)
        self.reports = Reports(
            self.record, self.contacts, self.installations, self.pauses, self.drains, self.alarms.silences
        )
        evaluator = Evaluator(self.alarms, self.record, self.reports, self.rooms, self.courier.wake)
        self.projector = Projector(self.record, self.live, self.audit, self._projected)
        self.restorer = Restorer(self.record, self.live, self.projector, layout, self.lease, self._restored)
        releases = Releases(self.record, self.audit)
        record_rule = RecordClearing(settings.retention.record, self.record, self.audit)
        self.clearing = Clearings("job-repository", [record_rule], settings.retention.every_s)
        rules, seen = settings.retention, self.projector
        self.retention = Retention(rules, self.record, self.live, seen, self.restorer, releases, layout)
        self.jobs = Jobs(
            self.record, self.live, self.restorer, layout, self.clocks, self.changes, releases, self._committed
        )
        self._beat = _loop("lease", self._keep_lease, BEAT_S)
        overdue_s = settings.launcher.overdue_s
        absence = Absence(self.live, self.restorer, self.clocks, self.jobs, self.pauses, overdue_s)
        store = CaptureStore(self.record)
        self.captures = Captures(
            store,
            self.tasks,
            self.jobs,
            self.live,
            self.restorer,
            layout,
            releases,
            self.drains,
            self.rooms.check,
            self._incomplete.set,
        )
        silences = Silences(self.record, self.contacts, self.installations)
        self.queries = Queries(
            self.record, self.live, self.restorer, self.projector, self.pauses, self.drains, silences
        )
        self.reviews = ReviewQueues(self.record, self.queries, self.verdicts)
        self.waivers = Waivers(self.record, self.audit)
        self.phases = Phases(self.record, self.queries, store)
        self.gathering = Gathering(self.live, self.restorer, self.clocks, self.jobs, self.queries, self.pauses)
        self.sets = SetActions(self.jobs, self.queries, self.gathering)
        self.plate_store = PlateStore(self.record)
        self.sites, self.atlas = SiteShelf(self.plate_store), PlateAtlas(self.plate_store)
        self.well_answers = WellAnswers(self.sites)
        self.editions = PlateEditions(self.jobs, self.live, self.restorer, layout)
        quiet_s = settings.plates.quiet_s
        self.plates = Plates(self.plate_store, self.editions, self.tasks, self.queries, self.pauses, quiet_s)
        self.recovery = Recovery(self.live, self.restorer, self.jobs, self.sets, self.plates, self.captures)
        actions, judging = ActionStore(self.record, self.audit), Judging(self.verdicts)
        self.actions = Actions(actions, self.jobs, self.queries, self.recovery, judging)
        foresight = Foresight(layout, self.recovery.task_of_today, judging.would)
        self.action_views = ActionViews(actions, self.queries, foresight)
        self.health = Health(settings.redis_url, self.record, self.live, self.clocks, self.projector, overdue_s)
        self.backups = Schedule(settings)
        self.polls = LongPolls(self.live, self.restorer, self.clocks, self.changes, self.jobs, store, self.pauses)
        self._loops = {
            "projector": _loop("projector", self._turn, LOOK_S),
            "absence": _loop("absence", absence.turn, min(ABSENCE_S, overdue_s / 4)),
            "sets": _loop("sets", self.gathering.turn, LOOK_S),
            "plates": _loop("plates", self.plates.turn, LOOK_S),
            "backups": _loop("backups", self.backups.turn, BACKUPS_S),
            "alarms": _loop("alarms", evaluator.turn, ALARMS_S),
        }

    def open(self) -> None:
        """Open the record, take up its epoch and position, start the projector.

        Raises:
            LiveStoreTaken: another gateway uses the same Redis.
        """
        self.record.open()
        note_settings(self.record, self.audit, self.settings, self.settings.gateway_layout)
        self.live.epoch = self.record.number("epoch")
        self.projector.start_from_record()
        self.live.floor = self.projector.position
        self.changes.rebase(self.live.floor)
        self._claim_store()
        self._beat.start()
        for loop in self._loops.values():
            loop.start()
        self.actions.start()
        self.courier.start()
        self.clearing.start()

    def close(self) -> None:
        """Stop the projector and close the stores."""
        self.clearing.stop()
        self.courier.stop()
        self.actions.close()
        for loop in reversed(self._loops.values()):
            loop.stop()
        self._beat.stop()
        self.lease.give()
        self.health.close()
        self.live.close()
        self.record.close()

    def troubles(self) -> dict[str, str]:
        """What keeps which of the loops from working now."""
        return {name: loop.trouble for name, loop in self._loops.items() if loop.trouble}

    def not_ready(self) -> str | None:
        """Why the service can't work now."""
        try:
            self.restorer.guarded(self.live.check)
        except LabrelayError as error:
            return error.cause
        return None

    def retry(self, job_id: str, person: Person) -> Job:
        """A person lets a job go on, as it was matched then; of a set all jobs go on."""
        self.recovery.retry(job_id, person)
        return self.jobs.get(job_id)

    def cancel(self, job_id: str, person: Person) -> Job:
        """A person ends a live job; of a set that is worked on all jobs end."""
        self.recovery.cancel(job_id, person)
        return self.jobs.get(job_id)

    def reprocess(self, job_id: str, person: Person) -> Job:
        """A person lets a final job begin again with today's task; of a set all jobs begin again."""
        self.recovery.reprocess(job_id, person)
        return self.jobs.get(job_id)

    def _claim_store(self) -> None:
        """A Redis that can't be reached yet is claimed before its first use."""
        try:
            self.restorer.enter()
        except LiveStoreTaken as taken:
            _log.error("this gateway doesn't start", cause=taken.cause, next_step=taken.next_step)
            self.record.close()
            raise
        except ServiceUnavailable as away:
            _log.warning("the live store can't be reached yet", cause=away.cause)

    def _keep_lease(self) -> bool:
        self.restorer.enter()
        self.lease.beat()
        return False

    def _turn(self) -> bool:
        if self._incomplete.is_set():
            self._take_up()
        return self.restorer.guarded(self.projector.turn)

    def _take_up(self) -> None:
        """After a start, a restore or an outage: captures that a crash left without jobs get them."""
        self.changes.rebase(self.restorer.guarded(self.live.check))
        self._incomplete.clear()
        try:
            self.captures.complete_all()
        except LabrelayError:
            self._incomplete.set()
            raise

    def _projected(self, applied: Applied) -> None:
        self.changes.note({RECORD, *(job_bell(job_id) for job_id, _ in applied.final)}, applied.position)

    def _restored(self, seq: int) -> None:
        self._incomplete.set()
        self.gathering.take_up()
        self.plates.take_up()
        self.clocks.forget()
        self.changes.rebase(seq)
        self._loops["projector"].wake()

    def _committed(self, job: Job) -> None:
        self._loops["projector"].wake()
        self.gathering.note(job)
        self.plates.note(job)
        if job.stage is Stage.GATHERING:
            self._loops["sets"].wake()


def _loop(name: str, turn: Turn, idle_s: float) -> OwnerLoop:
    return OwnerLoop(f"job-repository {name}", turn, idle_s=idle_s)


async def repository(request: Request) -> Repository:
    """The repository that an app was made with (a dependency of its routes)."""
    found: Repository = request.app.state.repository
    return found
