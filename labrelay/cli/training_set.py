"""A training set on disk: `images/` and `labels/` with the same stems, and a manifest that says where each is from."""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from labrelay.contracts.base import Contract
from labrelay.contracts.jobs import Job, SealedOutput
from labrelay.contracts.reviews import Reviewed
from labrelay.contracts.verdicts import Judgement
from labrelay.errors import InputProblem, NotFound
from labrelay.files import CHUNK, digest_file, inside, legal_name, publish_bytes, publish_file, temporary_beside
from labrelay.http.client import Client

IMAGES, LABELS, MANIFEST = "images", "labels", "manifest.json"
MASKS: Final = ("_labels.tif", "_labels.tiff", "_masks.tif", "_masks.tiff", "labels.tif")
PROVENANCE: Final = "_provenance.json"
SUFFIXES: Final = (".png", ".tif", ".tiff", ".stk", ".lsm", ".jpg", ".jpeg", ".bmp", ".czi", ".lif", ".nd2")
ID_LENGTH: Final = 8
Without = Callable[[Path, Collection[int]], bytes]


class LeftOut(NotFound):
    """An accepted image can't become part of a training set."""

    code = "not_for_training"
    default_next_step = "The rest of the set is whole; draw this one's labels by hand if it matters."


class Entry(Contract):
    """One image of the set.

    Attributes:
        image: name below `images/`, and `labels` below `labels/`.
        image_sha256: the capture's content, as the instrument sent it.
        mask_sha256: the sealed mask, before any object was taken out.
        model: what the pipeline's record says of its model; empty for none.
        excluded: labels that were taken out of the mask.
    """

    job: str
    path: str
    image: str
    image_sha256: str
    labels: str
    labels_sha256: str
    mask_sha256: str
    model: dict[str, Any] = {}
    verdict: Judgement
    by: str
    at_ns: int
    reason: str = ""
    excluded: tuple[int, ...] = ()
    objects: int | None = None


_ENTRIES: Final = TypeAdapter(tuple[Entry, ...])


class TrainingSet:
    """The set in a folder; whatever lies there with the right digest is left as it is.

    Args:
        folder: made where it is missing.
        sender: calls the gateway's file sender.
        without: makes a mask without some of its objects.
    """

    def __init__(self, folder: Path, sender: Client, without: Without) -> None:
        self._folder = folder
        self._sender = sender
        self._without = without
        self._held = {entry.job: entry for entry in _read(folder / MANIFEST)}

    @property
    def jobs(self) -> tuple[str, ...]:
        """Ids of all jobs that the set has."""
        return tuple(self._held)

    def add(self, item: Reviewed) -> bool:
        """Put an accepted image into the set; whether anything had to be written.

        Raises:
            LeftOut: it can't be part of one.
            LabrelayError: a file can't be fetched.
        """
        job, mask = item.job, mask_of(item.job)
        stem, suffix = _stem(job), _suffix(job)
        provenance = self._provenance(job)
        _check_plane(job, provenance)
        image, labels = self._folder / IMAGES / f"{stem}{suffix}", self._folder / LABELS / f"{stem}.tif"
        news = self._fetched(f"/api/v2/jobs/{job.id}/inputs/0", image, job.source.sha256)
        excluded = tuple(each.object for each in item.review.excluded)
        expected = self._expected(job, mask, excluded)
        if not expected or not _holds(labels, expected):
            expected, news = self._labels(job, mask, excluded, labels), True
        written = {"image": image.name, "labels": labels.name, "labels_sha256": expected, "mask_sha256": mask.sha256}
        self._held[job.id] = _entry(item, {**written, "excluded": excluded, "model": provenance.get("model") or {}})
        return news

    def _expected(self, job: Job, mask: SealedOutput, excluded: tuple[int, ...]) -> str:
        """The digest of a job's labels as they should lie there; empty where only making them tells it."""
        known = self._held.get(job.id)
        if known and (known.mask_sha256, known.excluded) == (mask.sha256, excluded):
            return known.labels_sha256
        return "" if excluded else mask.sha256

    def drop(self, job_id: str) -> None:
        """Take an image out of the set; files that somebody changed stay, unlisted."""
        entry = self._held.pop(job_id)
        for path, sha256 in (
            (inside(self._folder / IMAGES, entry.image), entry.image_sha256),
            (inside(self._folder / LABELS, entry.labels), entry.labels_sha256),
        ):
            if _holds(path, sha256):
                path.unlink()

    def save(self) -> None:
        """Write the manifest."""
        entries = _ENTRIES.dump_python(tuple(self._held.values()), mode="json")
        text = json.dumps({"version": 1, "images": entries}, indent=1, ensure_ascii=False)
        publish_bytes(text.encode(), self._folder / MANIFEST)

    def _labels(self, job: Job, mask: SealedOutput, excluded: Sequence[int], labels: Path) -> str:
        """Fetch the mask, take excluded objects out; the digest of what is then there."""
        self._fetched(f"/api/v2/jobs/{job.id}/outputs/{job.outputs.index(mask)}", labels, mask.sha256)
        if not excluded:
            return mask.sha256
        data = self._without(labels, excluded)
        publish_bytes(data, labels)
        return hashlib.sha256(data).hexdigest()

    def _fetched(self, path: str, final: Path, sha256: str) -> bool:
        """Fetch a file unless it is there; whether it had to be fetched."""
        if _holds(final, sha256):
            return False
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary, digest = temporary_beside(final), hashlib.sha256()
        try:
            with self._sender.request("GET", path, stream=True) as answer, temporary.open("wb") as file:
                for chunk in answer.iter_content(CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
            if digest.hexdigest() != sha256:
                raise InputProblem(f"{final.name} came with other bytes than were sealed.")
            publish_file(temporary, final)
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def _provenance(self, job: Job) -> dict[str, Any]:
        place = next((at for at, output in enumerate(job.outputs) if output.name.endswith(PROVENANCE)), None)
        if place is None:
            return {}
        try:
            told = self._sender.get(f"/api/v2/jobs/{job.id}/outputs/{place}")
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


def mask_of(job: Job) -> SealedOutput:
    """A job's label mask.

    Raises:
        LeftOut: it has none, or it belongs to several files.
    """
    if len(job.members) > 1:
        raise LeftOut(f"{job.source.path}: its mask belongs to {len(job.members)} files together.")
    found = next((output for output in job.outputs if output.name.lower().endswith(MASKS)), None)
    if found is None:
        raise LeftOut(f"{job.source.path}: its pipeline made no label mask.")
    return found


def _entry(item: Reviewed, written: dict[str, Any]) -> Entry:
    job, review = item.job, item.review
    return Entry(
        job=job.id,
        path=job.source.path,
        image_sha256=job.source.sha256,
        verdict=review.verdict,
        by=review.by,
        at_ns=review.at_ns,
        reason=review.reason,
        objects=review.corrected_count,
        **written,
    )


def _check_plane(job: Job, provenance: dict[str, Any]) -> None:
    """The training reader takes a file's first plane."""
    plane = provenance.get("plane") or {}
    if plane.get("projection") or any(plane.get(name) for name in ("channel", "z", "time")):
        raise LeftOut(f"{job.source.path}: its objects were found in another plane than the file's first.")


def _suffix(job: Job) -> str:
    suffix = Path(job.source.path).suffix.lower()
    if suffix not in SUFFIXES:
        raise LeftOut(f"{job.source.path}: the training reader knows no {suffix or 'files without an ending'}.")
    return suffix


def _stem(job: Job) -> str:
    """The file's own name with the beginning of the job's id: files of one name in different folders stay apart."""
    name = legal_name(job.source.path.rpartition("/")[2].rpartition(".")[0], 100)
    return f"{name.lstrip('.')}-{job.id[:ID_LENGTH]}"


def _holds(path: Path, sha256: str) -> bool:
    return path.is_file() and digest_file(path)[0] == sha256


def _read(manifest: Path) -> tuple[Entry, ...]:
    if not manifest.exists():
        return ()
    try:
        return _ENTRIES.validate_python(json.loads(manifest.read_text(encoding="utf-8"))["images"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        step = "Export into another folder, or put this file away."
        raise InputProblem(f"{manifest} is no manifest of a training set.", next_step=step) from error
