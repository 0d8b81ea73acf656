"""The repository of one gateway: its stores and what works on them, put together once."""

import threading
from dataclasses import dataclass

from fastapi import Request

from job_repository.absence import Absence
from job_repository.capture_store import CaptureStore
from job_repository.captures import Captures
from job_repository.changes import RECORD, Changes, job_bell
from job_repository.clocks import Clocks
from job_repository.conflicts import NoTask
from job_repository.gathering import Gathering
from job_repository.jobs import Jobs
from job_repository.live import LiveStore
from job_repository.owned import LongPolls
from job_repository.pauses import InstrumentPauses
from job_repository.plate_editions import PlateEditions
from job_repository.plate_identity import is_table
from job_repository.plate_store import PlateStore
from job_repository.plates import Plates
from job_repository.queries import Queries
from job_repository.record.audit import Audit
from job_repository.record.projection import Applied
from job_repository.record.projector import Projector
from job_repository.record.store import Record
from job_repository.restore import Restorer
from job_repository.set_actions import SetActions
from job_repository.steps import Reprocess
from job_repository.tasks import Tasks
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.contracts.tasks import FrozenTask
from labrelay.contracts.transitions import CancelJob, RetryJob
from labrelay.errors import LabrelayError
from labrelay.loops import OwnerLoop
from labrelay.settings import Settings

LOOK_S = 0.25
ABSENCE_S = 30.0


@dataclass(frozen=True)
class Person:
    """Who acts, and why."""

    actor: str
    reason: str = ""


class Repository:
    """Everything that the routes call."""

    def __init__(self, settings: Settings) -> None:
        layout = settings.gateway_layout
        self.settings = settings
        self._incomplete = threading.Event()
        self._incomplete.set()
        self.record = Record(settings.record_url)
        self.live = LiveStore(settings.redis_url)
        self.changes = Changes()
        self.clocks = Clocks(settings.launcher)
        self.audit = Audit(self.record, layout.secrets)
        self.tasks = Tasks(self.record, self.audit)
        self.pauses = InstrumentPauses(self.record, self.audit, lambda: self.changes.note({RECORD}, 0))
        self.projector = Projector(self.record, self.live, self.audit, self._projected)
        self.restorer = Restorer(self.record, self.live, self.projector, layout, self._restored)
        self._loop = OwnerLoop("job-repository projector", self._turn, idle_s=LOOK_S)
        self.jobs = Jobs(
            self.record, self.live, self.restorer, layout, self.clocks, self.changes, committed=self._committed
        )
        overdue_s = settings.launcher.overdue_s
        absence = Absence(self.live, self.restorer, self.clocks, self.jobs, self.pauses, overdue_s)
        self._absence = OwnerLoop("job-repository absence", absence.turn, idle_s=min(ABSENCE_S, overdue_s / 4))
        store = CaptureStore(self.record)
        self.captures = Captures(
            store, self.tasks, self.jobs, self.live, self.restorer, layout, left_undone=self._incomplete.set
        )
        self.queries = Queries(self.record, self.live, self.restorer, self.projector, self.pauses)
        self.gathering = Gathering(self.live, self.restorer, self.clocks, self.jobs, self.queries, self.pauses)
        self._gathering = OwnerLoop("job-repository sets", self.gathering.turn, idle_s=LOOK_S)
        self.sets = SetActions(self.jobs, self.queries, self.gathering)
        self.plate_store = PlateStore(self.record)
        self.editions = PlateEditions(self.jobs, self.live, self.restorer, layout)
        quiet_s = settings.plates.quiet_s
        self.plates = Plates(self.plate_store, self.editions, self.tasks, self.queries, self.pauses, quiet_s)
        self._plates = OwnerLoop("job-repository plates", self.plates.turn, idle_s=LOOK_S)
        self.polls = LongPolls(self.live, self.restorer, self.clocks, self.changes, self.jobs, store, self.pauses)

    def open(self) -> None:
        """Open the record, take up its epoch and position, start the projector."""
        self.record.open()
        self.live.epoch = self.record.number("epoch")
        self.projector.start_from_record()
        self.live.floor = self.projector.position
        self.changes.rebase(self.live.floor)
        self._loop.start()
        self._absence.start()
        self._gathering.start()
        self._plates.start()

    def close(self) -> None:
        """Stop the projector and close the stores."""
        self._plates.stop()
        self._gathering.stop()
        self._absence.stop()
        self._loop.stop()
        self.live.close()
        self.record.close()

    def not_ready(self) -> str | None:
        """Why the service can't work now."""
        try:
            self.restorer.guarded(self.live.check)
        except LabrelayError as error:
            return error.cause
        return None

    def retry(self, job_id: str, person: Person) -> Job:
        """A person lets a job go on, as it was matched then; of a set all jobs go on."""
        self.restorer.guarded(self.live.check)
        job = self.jobs.get(job_id)
        if is_table(job):
            self.plates.make_again(job)
        step = RetryJob(epoch=self.live.epoch, actor=person.actor)
        together = self.sets.retried_with(job)
        self.jobs.together([(each.id, step) for each in together])
        return self.jobs.get(job_id)

    def cancel(self, job_id: str, person: Person) -> Job:
        """A person ends a live job; of a set that is worked on all jobs end."""
        job = self.sets.ended_with(self.jobs.get(job_id))
        self.jobs.step(job.id, CancelJob(epoch=job.epoch, actor=person.actor, reason=person.reason))
        return self.jobs.get(job_id)

    def reprocess(self, job_id: str, person: Person) -> Job:
        """A final job begins again with today's task: its own if it still takes the capture, else the first that does.

        Of a set all jobs begin again, also those that came too late for it.

        Raises:
            NoTask: no task takes the capture today, or it is a plate's table.
        """
        if is_table(self.jobs.get(job_id)):
            raise NoTask("A plate's table follows its images by itself.", next_step="Reprocess the images.")
        together = {each.id: self._task_of_today(each) for each in self.sets.reprocessed_with(self.jobs.get(job_id))}
        if together[job_id] is None:
            raise NoTask("No task takes this capture today.")
        asked = [(each, Reprocess(task=task, actor=person.actor)) for each, task in together.items() if task]
        self.jobs.together(asked)
        return self.jobs.get(job_id)

    def _task_of_today(self, job: Job) -> FrozenTask | None:
        taken = self.captures.match_now(job).tasks
        own = [task for task in taken if job.task and task.id == job.task.id]
        return next(iter(own or taken), None)

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
        self._loop.wake()

    def _committed(self, job: Job) -> None:
        self._loop.wake()
        self.gathering.note(job)
        self.plates.note(job)
        if job.stage is Stage.GATHERING:
            self._gathering.wake()


async def repository(request: Request) -> Repository:
    """The repository that an app was made with (a dependency of its routes)."""
    found: Repository = request.app.state.repository
    return found
