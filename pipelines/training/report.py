"""What an evaluation says: tables for people, JSON and CSV for programs."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.segmentation.package import ModelPackage
from pipelines.training.bootstrap import Interval, intervals
from pipelines.training.scores import FINE_IOUS, ImageScore, Summary, as_json, by_source, summary


@dataclass(frozen=True)
class Report:
    """Scores of images, and what they are scores of.

    Args:
        data: name of the folder with the images.
        scores: of the images, at the thresholds `ious`.
        ious: intersection over union, from 0.5 on.
        model: name, version, sha256 and precision; empty when the masks come from elsewhere.
        settings: what was set that changes the result.
    """

    data: str
    scores: Sequence[ImageScore]
    ious: tuple[float, ...] = FINE_IOUS
    model: dict[str, str | None] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Everything in plain types."""
        parts = by_source(self.scores)
        return {
            "model": self.model,
            "data": self.data,
            "settings": self.settings,
            "ious": list(self.ious),
            "summary": asdict(summary(self.scores)),
            "by_source": {source: asdict(summary(scores)) for source, scores in parts.items()},
            "intervals": intervals(self.scores)
            | {"by_source": {source: intervals(scores) for source, scores in parts.items()}},
            "images": as_json(self.scores),
        }

    def write_json(self, path: Path) -> None:
        """Write `as_json` to a file."""
        path.write_text(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def write_csv(self, path: Path) -> None:
        """Write one row for each image."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            precisions = [f"ap_{round(100 * iou):03d}" for iou in self.ious]
            writer.writerow(["image", "source", "true", "found", "missed", "invented", *precisions, "flags", "scale"])
            writer.writerows(_row(one) for one in self.scores)

    def show(self, console: Console, worst: int) -> None:
        """Print the worst images, then AP by threshold and data set."""
        console.print(_images_table(self.worst(worst), self.ious))
        console.print(_overview(self.scores, self.ious))

    def worst(self, count: int) -> list[ImageScore]:
        """The images of the lowest AP at the first threshold; among equals those with most objects wrong."""
        return sorted(self.scores, key=_badness)[:count]


def identity(package: ModelPackage) -> dict[str, str | None]:
    """Name, version, digest and precision of a model."""
    told = package.description
    return {"name": told.name, "version": told.version, "sha256": package.digest, "precision": told.precision}


def _badness(one: ImageScore) -> tuple[float, int]:
    return one.matches[0].average_precision, -one.matches[0].fp - one.matches[0].fn


def _row(one: ImageScore) -> list[Any]:
    first, precisions = one.matches[0], [f"{m.average_precision:.4f}" for m in one.matches]
    scale = f"{one.scale.factor:.3f}" if one.scale else ""
    counts = [one.true_count, one.predicted_count, first.fn, first.fp]
    return [one.name, one.source, *counts, *precisions, " ".join(one.flags), scale]


def _images_table(scores: Sequence[ImageScore], ious: Sequence[float]) -> Table:
    shown = [place for place, iou in enumerate(ious) if iou in (0.5, 0.7, 0.9)]
    result = Table(*(f"AP@{ious[place]:g}" for place in shown), "true", "found", "worst images", title_justify="left")
    for one in scores:
        precisions = [f"{one.matches[place].average_precision:.3f}" for place in shown]
        result.add_row(*precisions, str(one.true_count), str(one.predicted_count), one.name)
    return result


def _overview(scores: Sequence[ImageScore], ious: Sequence[float]) -> Table:
    """A column for each data set and one for all, as there are more thresholds than sets."""
    parts = by_source(scores)
    columns = [*parts.items(), ("all", list(scores))] if len(parts) > 1 else [("all", list(scores))]
    result = Table("", *(source or "all" for source, _ in columns))
    cells = [_cells(summary(part), intervals(part), ious) for _, part in columns]
    for name in cells[0]:
        result.add_row(name, *(column[name] for column in cells))
    return result


def _cells(pool: Summary, drawn: dict[str, Interval | None], ious: Sequence[float]) -> dict[str, str]:
    precisions = {f"AP@{iou:.2f}": f"{value:.3f}" for iou, value in zip(ious, pool.average_precision, strict=False)}
    precisions[f"AP@{ious[0]:.2f}"] += _between(drawn["ap_050"], ".3f")
    return {
        "images": str(pool.images),
        "objects": str(pool.objects),
        "found": str(pool.found) + (f" ({pool.found_on_blank} on blank images)" if pool.found_on_blank else ""),
        **precisions,
        "precision, recall": f"{pool.precision:.3f}, {pool.recall:.3f}",
        "count error": f"{pool.count_error:.1%}" + _between(drawn["count_error"], ".1%"),
        "count bias": f"{pool.count_bias:+.1%}",
    }


def _between(drawn: Interval | None, form: str) -> str:
    return f" ({drawn[0]:{form}}–{drawn[1]:{form}})" if drawn else ""
