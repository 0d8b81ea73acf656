"""Writes model.toml: plain values, lists and tables in TOML 1.0; and what it says of files and quality."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from labrelay.files import digest_file
from pipelines.training.scores import IOUS, Summary

XML, BIN = "model.xml", "model.bin"


def files(folder: Path) -> dict[str, str]:
    """The section `files` of a package whose network lies in a folder."""
    digests = {f"{kind}_sha256": digest_file(folder / name)[0] for kind, name in (("xml", XML), ("bin", BIN))}
    return {"xml": XML, "bin": BIN, **digests}


def quality(pool: Summary, prefix: str) -> dict[str, float]:
    """Figures of the section `quality`, measured on the images that the prefix names."""
    precisions = zip(IOUS, pool.average_precision, strict=True)
    return {f"{prefix}_ap_{round(iou * 100):03d}": round(value, 4) for iou, value in precisions} | {
        f"{prefix}_count_error": round(pool.count_error, 4),
        f"{prefix}_count_bias": round(pool.count_bias, 4),
    }


def as_toml(content: Mapping[str, Any]) -> str:
    """Text of a TOML document: values first, then a section for each table; what is None is left out."""
    return "\n".join(_lines(content, ())).strip("\n") + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    values = {key: value for key, value in table.items() if not isinstance(value, Mapping) and value is not None}
    if path and (values or not table):
        yield from ("", f"[{'.'.join(map(_key, path))}]")
    yield from (f"{_key(key)} = {_value(value)}" for key, value in values.items())
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _lines(value, (*path, key))


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    """A value in TOML, where JSON's notation is the same but for tables within lists."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
