"""How long would it take? A sample of the files is read; the rest is a rule of three."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from labrelay.contracts.preview import Estimate, Portion
from labrelay.files import CHUNK, open_shared

SAMPLE_BYTES: Final = 64_000_000
SAMPLE_S: Final = 2.0
OF_ONE_FILE: Final = 8_000_000
PER_FILE_S: Final = 0.0002
"""Looking at a file and writing it down, beside opening and reading it; `benchmarks.watcher` measures the whole."""


def estimate(root: Path, take: Portion, sample: Sequence[str], max_mb_per_s: float) -> Estimate | None:
    """The time for taking files; None where there are none.

    Args:
        root: the watched folder.
        take: what would be taken.
        sample: paths below the root that stand for all; at most 64 MB of them are read, for at most 2 s.
        max_mb_per_s: the cap on bandwidth in millions of bytes a second, 0 for none.
    """
    if not take.files:
        return None
    rate = _bytes_per_s(root, sample)
    read_s = take.bytes / rate + take.files * PER_FILE_S
    send_s = take.bytes / (max_mb_per_s * 1e6) if max_mb_per_s else None
    sending = f"sending is capped at {max_mb_per_s:g} MB/s" if max_mb_per_s else "sending has no cap and isn't counted"
    reading = f"reading and hashing runs at {rate / 1e6:.3g} MB/s, as with a sample of these files"
    return Estimate(
        seconds=max(read_s, send_s or 0.0),
        read_s=read_s,
        send_s=send_s,
        assumption=f"{reading}, and {PER_FILE_S * 1e3:g} ms a file besides; {sending}. Pipelines take their own time.",
    )


def _bytes_per_s(root: Path, sample: Sequence[str]) -> float:
    """The rate of opening, reading and hashing; a sample of nothing but empty files counts as one byte."""
    started, read = time.perf_counter(), 0
    for path in sample:
        read += _read(root / path)
        if read >= SAMPLE_BYTES or time.perf_counter() - started >= SAMPLE_S:
            break
    return max(read, 1) / max(time.perf_counter() - started, 1e-6)


def _read(path: Path) -> int:
    """Bytes read of a file; one that can't be read now, as its writer holds it, tells nothing of the rate."""
    digest, size = hashlib.sha256(), 0
    try:
        with open_shared(path) as stream:
            while size < OF_ONE_FILE and (chunk := stream.read(CHUNK)):
                digest.update(chunk)
                size += len(chunk)
    except OSError:
        return 0
    return size
