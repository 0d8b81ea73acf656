"""What a pipeline's function is given: one finished image, and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from labrelay.contracts.attributes import AttributeValue
from labrelay.contracts.launches import Claim, ClaimedInput
from labrelay.files import digest_file


@dataclass(frozen=True)
class Capture:
    """One finished content of a file.

    Attributes:
        path: a private read-only file with the original file name.
        sha256: hex digest of its content.
        instrument: where it comes from; empty when given directly.
        source_path: its path below the instrument's watched folder, forward slashes.
        attributes: read from its name and folder.
        job_id: the job; empty when given directly.
        attempt: number of this attempt at the job.
        epoch: of the live store, the other half of the fence.
        task_id: the task that took the capture.
        task_version: the version of this task when it matched.
        members: where the task waits for sets, all captures of the set in the task's order, this one first; else empty.
    """

    path: Path
    sha256: str
    instrument: str = ""
    source_path: str = ""
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    job_id: str = ""
    attempt: int = 0
    epoch: int = 0
    task_id: str = ""
    task_version: int = 0
    members: tuple["Capture", ...] = ()

    def by(self, attribute: str = "channel") -> dict[AttributeValue, "Capture"]:
        """The captures of the set by the value of an attribute, in order; a capture alone counts as a set of one."""
        every = self.members or (self,)
        return {each.attributes[attribute]: each for each in every if attribute in each.attributes}

    @property
    def stem(self) -> str:
        """The file's name without its last suffix; names of outputs begin with it."""
        return self.path.stem

    @classmethod
    def of(cls, path: Path) -> Self:
        """A file that is given directly, without a job: in a test or an HTTP call.

        Raises:
            OSError: the file can't be read.
        """
        sha256, _ = digest_file(path)
        return cls(path, sha256, source_path=path.name)

    @classmethod
    def claimed(cls, claim: Claim) -> Self:
        """The capture of a claim."""
        return cls(
            path=Path(claim.input_path),
            sha256=claim.input_sha256,
            instrument=claim.instrument,
            source_path=claim.source_path,
            attributes=dict(claim.attributes),
            job_id=claim.job_id,
            attempt=claim.attempt,
            epoch=claim.epoch,
            task_id=claim.task_id,
            task_version=claim.task_version,
            members=tuple(cls._member(claim, each) for each in claim.members),
        )

    @classmethod
    def _member(cls, claim: Claim, member: ClaimedInput) -> Self:
        return cls(
            path=Path(member.path),
            sha256=member.sha256,
            instrument=claim.instrument,
            source_path=member.source_path,
            attributes=dict(member.attributes),
        )
