"""The oracle: finds what was lost or doubled from what was written and what lies in the output folder alone.

A result counts when its provenance sidecar names the written content and every output that the sidecar lists lies
beside it with the listed digest. It never asks a service.

Results of pipelines that write no sidecar can't be told from the folder alone. For those alone the caller may hand over
what the services tell; such a result counts when each of its outputs lies in the folder with the told digest. (One
without outputs has nothing to look at and is believed.)
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labrelay.files import digest_file, is_temporary

SIDECAR = "_provenance.json"


@dataclass(frozen=True)
class Result:
    """One complete set of outputs of one accepted attempt.

    Attributes:
        outputs: path below the output folder (forward slashes) → hex SHA-256, the sidecar's own included.
        finished_s: wall clock of the newest output.
    """

    source: str
    input_sha256: str
    job_id: str
    task_id: str
    outputs: Mapping[str, str]
    finished_s: float


@dataclass(frozen=True)
class Verdict:
    """What the oracle saw. `lost` and `doubled` name written files; `torn` names sidecars whose outputs don't agree."""

    results: tuple[Result, ...]
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    torn: tuple[str, ...]
    temporary: tuple[str, ...]


def judge(written: Mapping[str, str], output: Path, told: Iterable[Result] = ()) -> Verdict:
    """Compare what was written with what came back.

    Args:
        written: path below the watched folder (forward slashes) → hex SHA-256 of its last content.
        output: the OEM side's output folder.
        told: results without a sidecar, as the services tell them.
    """
    digests = _digests(output)
    results, torn = _results(output, digests)
    results += [_seen(output, result) for result in told if result.outputs.items() <= digests.items()]
    jobs = defaultdict(set)
    for result in results:
        jobs[result.source, result.input_sha256, result.task_id].add(result.job_id)
    found = {(source, digest) for source, digest, _ in jobs}
    return Verdict(
        results=tuple(results),
        lost=tuple(sorted(path for path, digest in written.items() if (path, digest) not in found)),
        doubled=tuple(sorted(source for (source, _, _), ids in jobs.items() if len(ids) > 1)),
        torn=tuple(torn),
        temporary=tuple(sorted(path for path in digests if is_temporary(path))),
    )


def _seen(output: Path, told: Result) -> Result:
    finished = [(output / name).stat().st_mtime for name in told.outputs]
    return replace(told, finished_s=max(finished, default=told.finished_s))


def _digests(output: Path) -> dict[str, str]:
    files = (path for path in output.rglob("*") if path.is_file())
    relative = ((path, path.relative_to(output)) for path in files)
    return {name.as_posix(): digest_file(path)[0] for path, name in relative if name.parts[0] != ".labrelay"}


def _results(output: Path, digests: Mapping[str, str]) -> tuple[list[Result], list[str]]:
    results, torn = [], []
    for name in sorted(digests):
        if not name.endswith(SIDECAR):
            continue
        result = _result(output, name, digests)
        if result is None:
            torn.append(name)
        else:
            results.append(result)
    return results, torn


def _result(output: Path, sidecar: str, digests: Mapping[str, str]) -> Result | None:
    try:
        told: dict[str, Any] = json.loads((output / sidecar).read_text(encoding="utf-8"))
    except ValueError:
        return None
    prefix = sidecar.removesuffix(SIDECAR)
    beside = {name: digest for name, digest in digests.items() if name.startswith((f"{prefix}_", f"{prefix}."))}
    listed = {entry["sha256"] for entry in told["outputs"]}
    if not listed <= set(beside.values()):
        return None
    mine = {name: digest for name, digest in beside.items() if digest in listed} | {sidecar: digests[sidecar]}
    return Result(
        source=told["input"]["path"],
        input_sha256=told["input"]["sha256"],
        job_id=told["job"]["id"],
        task_id=told["task"]["id"],
        outputs=mine,
        finished_s=max((output / name).stat().st_mtime for name in mine),
    )
