"""Private folders whose attempt is over (relaunched, failed, cancelled, or a crash before the clean-up) are removed.

Those of failed attempts can be kept for a while (`[retention.attempts]`), for whoever wants to look into them.
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from labrelay.contracts.retention import Why
from labrelay.contracts.states import Stage
from labrelay.errors import NotFound
from labrelay.layout import GatewayLayout
from labrelay.retention import Candidate
from labrelay.settings.retention import AgeRule
from task_launcher.attempts import fence_of
from task_launcher.jobs import Jobs

IN_USE: Final = frozenset({Stage.PROCESSING, Stage.REPORTED, Stage.SEALING})


class Sweep:
    """Private folders as retention sees them.

    Args:
        layout: the gateway's folder, as an absolute path.
        jobs: the job repository.
        rule: how long those of failed attempts stay.
    """

    name = "attempts"

    def __init__(self, layout: GatewayLayout, jobs: Jobs, rule: AgeRule) -> None:
        self.folder = layout.root / "work"
        self.rule = rule
        self._jobs = jobs

    def candidates(self) -> Iterator[Candidate]:
        """Every private folder."""
        for folder in list(self.folder.glob("*/*")):
            since_ns, size = _age_and_size(folder)
            yield Candidate(f"{folder.parent.name}/{folder.name}", size, since_ns, self._why(folder, since_ns))

    def remove(self, candidate: Candidate, actor: str) -> Why:
        """Remove one. An attempt that is over never comes back, so nobody needs to be asked again."""
        folder = self.folder / candidate.key
        shutil.rmtree(folder, ignore_errors=True)
        _remove_if_empty(folder.parent)
        return Why.IN_USE if folder.exists() else Why.NOTHING

    def _why(self, folder: Path, since_ns: int) -> Why:
        # the folder was listed before the job is read, and it is made after the claim: so a younger claim is seen
        try:
            job = self._jobs.job(folder.parent.name)
        except NotFound:
            return Why.NOTHING
        if job.stage in IN_USE and fence_of(job).text == folder.name:
            return Why.UNFINISHED
        if job.stage is Stage.FAILED and self.rule.is_young(since_ns, time.time_ns()):
            return Why.YOUNG
        return Why.NOTHING


def _age_and_size(folder: Path) -> tuple[int, int]:
    """Last change and bytes; what vanishes meanwhile counts nothing."""
    changed, size = 0, 0
    for path in (folder, *folder.rglob("*")):
        try:
            seen = path.lstat()
        except OSError:
            continue
        changed = max(changed, seen.st_mtime_ns)
        size += seen.st_size if path.is_file() else 0
    return changed, size


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # other attempts have folders there
        return
