"""Jobs as the repository gives them, and a picture that browsers can show."""

import struct
import time
import zlib
from hashlib import sha256
from uuid import uuid4

from labrelay.contracts.jobs import Failure, Job, PipelineReport, SealedOutput, Source
from labrelay.contracts.states import Owner, PipelineStatus, Stage
from labrelay.contracts.tasks import FrozenTask

TASK = FrozenTask(
    id="task-1",
    version=3,
    description="Count nuclei",
    pipeline="nuclei/count",
    carrier="streams",
    parameters={"diameter": "18"},
)
FAILURE = Failure(
    code="input_unreadable",
    cause="The image file is cut off: 1.1 of 4.2 MB can be read.",
    next_step="Read this well again, or accept it as missing.",
    retryable=True,
    owner=Owner.TASK_LAUNCHER,
)


def job(path: str = "plate7/B07_w1.tif", stage: Stage = Stage.READY, *, age_s: float = 60, **changes: object) -> Job:
    """A job announced `age_s` seconds ago."""
    created = time.time_ns() - int(age_s * 1e9)
    source = Source(
        capture_id=str(uuid4()),
        instrument="reader-1",
        folder="input",
        path=path,
        generation=1,
        size=4_200_000,
        sha256=sha256(path.encode()).hexdigest(),
        host="oem",
        directory="/data/oem-files/input/",
        attributes={"well": "B07"},
    )
    base = Job(
        id=str(uuid4()), epoch=1, revision=1, stage=stage, source=source, task=TASK, created_ns=created,
        updated_ns=created + 12_400_000_000,
    )  # fmt: skip
    return base.model_copy(update=changes)


def finished(path: str, count: int, overlay: bytes, *, age_s: float = 60, flags: str = "") -> Job:
    """A complete job with a table of objects and an overlay."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    outputs = (_sealed(f"{stem}_objects.csv", TABLE), _sealed(f"{stem}_overlay.png", overlay))
    report = PipelineReport(
        status=PipelineStatus.COMPLETE,
        qc_flags=flags,
        results=f"CellCount, {count}",
        measurements={"count": count, "mean_area_px": 212.5},
    )
    return job(path, Stage.COMPLETE, age_s=age_s, outputs=outputs, report=report, attempt=1, worker="nuclei-1")


TABLE = b"label,x,y\n1,10,12\n"


def _sealed(name: str, content: bytes) -> SealedOutput:
    digest = sha256(content).hexdigest()
    return SealedOutput(name=name, size=len(content), sha256=digest, returned_path=f"plate7/{name}")


def png(width: int = 64, height: int = 64, red: int = 20) -> bytes:
    """A PNG (RGB, 8 bit) of soft stripes (format: W3C PNG, sections 5 and 11)."""
    rows = b"".join(
        b"\0" + bytes(v for x in range(width) for v in (red, 40 + (x * y) % 180, 90 + (x + y) % 120))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
