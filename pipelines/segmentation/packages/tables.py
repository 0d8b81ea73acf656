"""Tables in Markdown for the model card: what model.toml states, and what evaluations measured."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

_FIGURE: Final = re.compile(r"(?P<part>\w+?)_(?P<what>ap_\d{3}|count_error|count_bias|images|objects)")
_SHOWN_IOUS: Final = (0.5, 0.7, 0.9)
_HEADS: Final = {"count_error": "count error", "count_bias": "count bias"}

Evaluation = Mapping[str, Any]
"""What `labrelay model evaluate --json` writes."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table; bars in cells are escaped, line breaks become spaces."""
    return [_line(head), "|" + "---|" * len(head), *(_line(row) for row in rows)]


def stated(quality: Mapping[str, Any]) -> list[str]:
    """What the section [quality] says: a row for each part (`val` of `val_ap_050`), then what has no such name."""
    parts: dict[str, dict[str, Any]] = {}
    others = {}
    for key, value in quality.items():
        if found := _FIGURE.fullmatch(key):
            parts.setdefault(found["part"], {})[found["what"]] = value
        else:
            others[key] = value
    kinds = list(dict.fromkeys(kind for figures in parts.values() for kind in figures))
    rows = [
        [_words(part), *(_figure(kind, figures[kind]) if kind in figures else "–" for kind in kinds)]
        for part, figures in parts.items()
    ]
    lines = table(["part", *map(_head, kinds)], rows) if rows else []
    return lines + ([""] if lines and others else []) + facts(others)


def facts(values: Mapping[str, Any]) -> list[str]:
    """A table of names and values; nothing for no values."""
    if not values:
        return []
    return ["| | |", "|---|---|", *(_line([_words(name), _shown(value)]) for name, value in values.items())]


def measured(evaluation: Evaluation) -> list[str]:
    """An evaluation by source and for all images, AP and count error with the 95 % interval where there is one."""
    ious = [float(iou) for iou in evaluation["ious"]]
    intervals: Mapping[str, Any] = evaluation.get("intervals", {})
    sources: Mapping[str, Any] = evaluation.get("by_source", {})
    rows = [_measured("all", evaluation["summary"], intervals, ious)]
    if len(sources) > 1:
        drawn = intervals.get("by_source", {})
        rows += [_measured(name or "–", pool, drawn.get(name, {}), ious) for name, pool in sources.items()]
    return table(["source", "images", "objects", *_ap_heads(ious), "count error", "count bias"], rows)


def by_precision(evaluations: Mapping[str, Evaluation]) -> list[str]:
    """The same images measured with networks of several precisions; what is lost is against the first of them."""
    ious = [float(iou) for iou in next(iter(evaluations.values()))["ious"]]
    first = next(iter(evaluations.values()))["summary"]["average_precision"][0]
    rows = []
    for name, evaluation in evaluations.items():
        pool = evaluation["summary"]
        precisions = [f"{value:.4f}" for value in _shown_precisions(pool, ious)]
        lost = 100 * (first - pool["average_precision"][0])
        rows.append([name, *precisions, f"{lost:+.2f}", f"{pool['count_error']:.2%}"])
    return table(["precision", *_ap_heads(ious), f"AP@{ious[0]:g} lost, points", "count error"], rows)


def _measured(name: str, pool: Mapping[str, Any], drawn: Mapping[str, Any], ious: Sequence[float]) -> list[str]:
    precisions = [f"{value:.3f}" for value in _shown_precisions(pool, ious)]
    precisions[0] += _between(drawn.get("ap_050"), ".3f")
    error = f"{pool['count_error']:.1%}" + _between(drawn.get("count_error"), ".1%")
    return [name, f"{pool['images']:,}", f"{pool['objects']:,}", *precisions, error, f"{pool['count_bias']:+.1%}"]


def _shown_precisions(pool: Mapping[str, Any], ious: Sequence[float]) -> list[float]:
    pairs = zip(ious, pool["average_precision"], strict=True)
    return [value for iou, value in pairs if iou in _SHOWN_IOUS]


def _ap_heads(ious: Sequence[float]) -> list[str]:
    return [f"AP@{iou:g}" for iou in ious if iou in _SHOWN_IOUS]


def _between(drawn: Sequence[float] | None, form: str) -> str:
    return f" ({drawn[0]:{form}}–{drawn[1]:{form}})" if drawn else ""


def _head(kind: str) -> str:
    return f"AP@{int(kind[3:]) / 100:g}" if kind.startswith("ap_") else _HEADS.get(kind, kind)


def _figure(kind: str, value: Any) -> str:
    if not isinstance(value, int | float) or kind in ("images", "objects"):
        return _shown(value)
    forms = {"count_error": ".2%", "count_bias": "+.2%"}
    return f"{value:{forms.get(kind, '.4f')}}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(str(name))} {_shown(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
