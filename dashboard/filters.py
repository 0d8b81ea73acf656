"""What a reader wants to see; it stands in the page's URL, so that a view can be handed on."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from dashboard.states import LOOKS, STATE_OF, State
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage


@dataclass(frozen=True)
class JobFilter:
    """A choice of jobs.

    Attributes:
        state: only this state; None for all.
        path: text that the file's path must contain, letter case aside.
        job_id: only this job (its own page).
        after: cursor of an older page, as the repository gave it.
    """

    state: State | None = None
    path: str = ""
    job_id: str = ""
    after: str = ""

    @classmethod
    def read(cls, state: str = "", path: str = "", job: str = "", after: str = "") -> "JobFilter":
        """The filter that a URL's parameters stand for; an unknown state means all."""
        known = State(state) if state in set(State) else None
        return cls(known, path.strip(), job, after)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of the chosen state; empty for all."""
        return LOOKS[self.state].stages if self.state else ()

    @property
    def query(self) -> str:
        """The URL's parameters, empty ones left out."""
        members = {"state": self.state or "", "path": self.path, "job": self.job_id, "after": self.after}
        return urlencode({name: value for name, value in members.items() if value})

    def with_state(self, state: State | None) -> "JobFilter":
        """The same filter for another state, from its first page."""
        return replace(self, state=state, after="")

    def older(self, cursor: str) -> "JobFilter":
        """The next page of the same filter."""
        return replace(self, after=cursor)

    def takes(self, job: Job) -> bool:
        """Whether a job belongs on this page."""
        if self.job_id:
            return job.id == self.job_id
        return self.state in (None, STATE_OF[job.stage]) and self.path.casefold() in job.source.path.casefold()
