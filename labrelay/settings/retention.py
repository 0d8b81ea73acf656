"""Retention rules: what may be deleted, and when. Nothing that matters is deleted without a rule that says so."""

from typing import Annotated, Final

from pydantic import Field

from labrelay.settings.section import Seconds, Section

DAY_NS: Final = 86_400 * 10**9
Days = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]


class AgeRule(Section):
    """When something may be deleted; without `days` never.

    Attributes:
        days: so long it is kept at least; its age counts from the end of its last job, else from its last change.
        above: share of used space of the disk, only above which something is deleted, the oldest first; 0: always.
    """

    days: Days | None = None
    above: Share = 0.0

    @property
    def on(self) -> bool:
        """Whether anything is deleted at all."""
        return self.days is not None

    @property
    def words(self) -> str:
        """The rule for people."""
        if self.days is None:
            return "kept for ever"
        return f"{self.days:g} days" + (f", while the disk is more than {self.above:.0%} full" if self.above else "")

    def is_young(self, since_ns: int, now_ns: int) -> bool:
        """Whether something of this age stays."""
        return self.days is None or now_ns - since_ns < self.days * DAY_NS


class AttemptRule(AgeRule):
    """Private folders of failed attempts; by default they go at once."""

    days: Days | None = 0.0


class JobRule(AgeRule):
    """A rule for what belongs to jobs.

    Attributes:
        keep_failed: what belongs to a failed or cancelled job stays until that is retried, or for ever.
        keep_unreviewed: what belongs to a job stays until a person has judged its result.
    """

    keep_failed: bool = True
    keep_unreviewed: bool = False


class InputRule(JobRule):
    """Inputs in the gateway's store.

    Attributes:
        last_copy: also delete an input that nobody else holds (pushed ones, and those that a rule of their folder has
            deleted), once all its jobs are complete. Else the gateway asks the instrument for each file whether it
            still holds it, and keeps what it doesn't.
    """

    last_copy: bool = False


class OutputRule(JobRule):
    """Sealed outputs on the gateway, once the instrument's side has them.

    Attributes:
        pushed_days: the same for outputs of pushed files, which no instrument fetches; without it they stay.
    """

    pushed_days: Days | None = None


class Retention(Section):
    """What is deleted by itself.

    Attributes:
        every_s: seconds between two looks.
        inputs: contents in the gateway's input store.
        outputs: sealed outputs on the gateway.
        attempts: private folders of failed attempts.
        pushes: pushed contents that no capture names, as after a push that broke off at its end.
        record: steps (timelines) of final jobs in the record; the jobs themselves stay.
    """

    every_s: Seconds = 3600.0
    inputs: InputRule = InputRule()
    outputs: OutputRule = OutputRule()
    attempts: AttemptRule = AttemptRule()
    pushes: AgeRule = AgeRule()
    record: AgeRule = AgeRule()
