"""Private folders whose attempt is over (relaunched, failed, cancelled, or a crash before the clean-up) are removed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from labrelay.contracts.states import Stage
from labrelay.errors import NotFound
from labrelay.layout import GatewayLayout
from task_launcher.attempts import fence_of
from task_launcher.jobs import Jobs

IN_USE: Final = frozenset({Stage.PROCESSING, Stage.REPORTED, Stage.SEALING})


class Sweep:
    """Looks at every private folder once a turn.

    Args:
        layout: the gateway's folder, as an absolute path.
        jobs: the job repository.
    """

    def __init__(self, layout: GatewayLayout, jobs: Jobs) -> None:
        self._work = layout.root / "work"
        self._jobs = jobs

    def turn(self) -> bool:
        """Remove what no attempt holds any more."""
        for folder in list(self._folders()):
            if not self._in_use(folder):
                shutil.rmtree(folder, ignore_errors=True)
                _remove_if_empty(folder.parent)
        return False

    def _folders(self) -> Iterator[Path]:
        if self._work.is_dir():
            yield from self._work.glob("*/*")

    def _in_use(self, folder: Path) -> bool:
        # the folder was listed before the job is read, and it is made after the claim: so a younger claim is seen
        try:
            job = self._jobs.job(folder.parent.name)
        except NotFound:
            return False
        return job.stage in IN_USE and fence_of(job).text == folder.name


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # other attempts have folders there
        return
