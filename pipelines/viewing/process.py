"""The child process that reads images: one JSON line in, one JSON line and so many bytes out, until its input ends."""

import json
import logging
import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from labrelay.errors import LabrelayError
from labrelay.http.problem import problem_of
from pipelines.viewing.errors import DecodingFailed, ViewerNeedsExtra

GZIP: Final = 16 + zlib.MAX_WBITS
Answer = tuple[dict[str, Any], bytes]


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until there are no more questions."""
    reading = _reading()
    for line in questions:
        head, data = _answered(reading, json.loads(line))
        answers.write(json.dumps({**head, "bytes": len(data)}).encode() + b"\n")
        answers.write(data)
        answers.flush()


def _reading() -> Callable[[dict[str, Any]], Answer]:
    try:
        import cv2

        from pipelines.viewing.samples import Samples
    except ImportError as error:
        missing = ViewerNeedsExtra(f"The viewer needs the package {error.name}, which isn't installed here.")

        def refuse(_: dict[str, Any]) -> Answer:
            raise missing

        return refuse
    cv2.setNumThreads(1)
    samples = Samples()
    return lambda asked: _read(samples, asked)


def _answered(reading: Callable[[dict[str, Any]], Answer], asked: dict[str, Any]) -> Answer:
    try:
        return reading(asked)
    except LabrelayError as error:
        return _problem(error, asked)
    except MemoryError:
        return _problem(DecodingFailed("The image needs more memory than this machine can give."), asked)
    except Exception as error:  # whatever else a foreign file makes a library say
        return _problem(DecodingFailed(f"The image can't be read: {error or type(error).__name__}."), asked)


def _problem(error: LabrelayError, asked: dict[str, Any]) -> Answer:
    """The problem, with the file's own name where the store's name for it stands."""
    told = problem_of(error)
    for path, file in asked.get("files", ()):
        own = file.rpartition("/")[2]
        told |= {name: told[name].replace(Path(path).name, own) for name in ("cause", "detail", "next_step")}
    return {"problem": told}, b""


def _read(samples: Any, asked: dict[str, Any]) -> Answer:
    files = [(Path(path), file) for path, file in asked.get("files", ())]
    if asked["what"] == "describe":
        return samples.describe(files, asked["parameters"]), b""
    if asked["what"] == "mask":
        return samples.mask(Path(asked["labels"])), b""
    region = tuple(asked["region"]) if asked["region"] else None
    if asked["what"] == "labels":
        pixels = samples.labels(Path(asked["labels"]), asked["level"], region)
    else:
        pixels = samples.plane(files, asked["parameters"], asked["number"], asked["level"], region)
    data = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()
    height, width = pixels.shape
    head = {"width": width, "height": height, "dtype": str(pixels.dtype.newbyteorder("=")), "gzip": asked["gzip"]}
    return head, _compressed(data) if asked["gzip"] else data


def _compressed(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, GZIP)
    return packer.compress(data) + packer.flush()


def main() -> None:
    """Answer on what was standard output; what libraries print goes where errors go, and what they log nowhere."""
    logging.disable()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
