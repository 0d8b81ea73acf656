"""The model card in Markdown, made from model.toml and evaluations, so that no figure in it is typed by hand."""

import re
from collections.abc import Mapping
from typing import Any, Final

from labrelay.contracts.quality import FLAG_TEXTS
from pipelines.segmentation.errors import ModelPackageInvalid
from pipelines.segmentation.package import DESCRIPTION_FILE, ModelPackage
from pipelines.segmentation.packages.description import ModelDescription
from pipelines.segmentation.packages.tables import Evaluation, by_precision, facts, measured, stated

MADE: Final = "<!-- Made by `labrelay model card`; what isn't measured stands in model.toml. -->"
_DIGEST: Final = re.compile(r"\b[0-9a-f]{64}\b")
_LISTS: Final = ("sources", "citations", "limits")
"""Keys of [training] that hold sentences; each becomes a section of its own."""
_LIMITS: Final = (
    "Not for diagnosis. Check its counts on images of your own assay before you rely on them.",
    "It knows objects of {low:g} to {high:g} px in diameter; for others the pipeline resizes the image, for which it "
    "needs the pixel size or a diameter, or estimates it.",
)
_EXPLAINED: Final = (
    "AP = TP / (TP + FP + FN) of the pooled objects, matched one to one at the given intersection over union. The "
    "count error adds up the images' differences without letting them cancel; the bias lets them cancel. In brackets: "
    "95 % bootstrap intervals, images drawn anew."
)


def card(
    package: ModelPackage,
    evaluations: Mapping[str, Evaluation] | None = None,
    precisions: Mapping[str, Evaluation] | None = None,
) -> str:
    """A model's card.

    Args:
        package: The model; what is said of data, licence, method and limits stands in its section [training].
        evaluations: What `labrelay model evaluate --json` wrote, by the name of the part (`val`, `test`).
        precisions: The same of one part with networks of several precisions, by the precision's name.

    Raises:
        ModelPackageInvalid: An evaluation is of another model.
    """
    told = package.description
    for name, evaluation in (evaluations or {}).items():
        _require_same_model(name, evaluation, told)
    sections = {
        "What it is": [*facts(_identity(told)), "", *_files(told)],
        "Training": facts({key: value for key, value in told.training.items() if key not in _LISTS}),
        "Data": _sentences(told.training.get("sources")),
        "Measured quality": _quality(told, evaluations or {}),
        "Precision": by_precision(precisions) if precisions else [],
        "Quality control": [*facts(_quality_control(told)), "", *_flags()],
        "Limits": _sentences([*(each.format(**_range(told)) for each in _LIMITS), *_list(told.training.get("limits"))]),
        "Citations": _sentences(told.training.get("citations")),
    }
    lines = [f"# Model card: {told.name} {told.version}", "", MADE, "", told.description]
    for heading, content in sections.items():
        lines += ["", f"## {heading}", "", *content] if content else []
    return "\n".join(lines) + "\n"


def outdated(text: str, told: ModelDescription) -> list[str]:
    """What a card doesn't say, or says differently from model.toml; of a card made by hand only digests count."""
    known = set(told.files.digests.values())
    wrong = [f"the digest {digest[:12]}…" for digest in sorted(set(_DIGEST.findall(text)) - known)]
    if MADE not in text:
        return wrong
    lines = set(text.splitlines())
    needed = {"its name and version": [f"# Model card: {told.name} {told.version}"]}
    needed |= {"the digests of the files": _files(told), "the figures of [quality]": stated(told.quality)}
    return wrong + [name for name, rows in needed.items() if not lines.issuperset(rows)]


def _identity(told: ModelDescription) -> dict[str, Any]:
    seen, scale = told.input, told.scale
    usual = f", usually {scale.usual_diameter_um:g} µm" if scale.usual_diameter_um else ""
    lost = f", at least {seen.minimum_range:g} times the noise"
    return {
        "finds": ", ".join(told.classes.names),
        "precision": told.precision.upper() if told.precision else "not stated",
        "input": f"{seen.channels} channel{'s' * (seen.channels > 1)} {' '.join(seen.channel_names)}".strip(),
        "normalisation": f"percentiles {seen.low_percentile:g} and {seen.high_percentile:g} to 0 and 1{lost}",
        "tiles": f"{seen.tile_px} px with {seen.overlap_px} px of overlap, multiples of {seen.multiple_of}",
        "output": ", ".join(told.output.ordered),
        "objects": f"{_diameters(told)}{usual}",
    }


def _diameters(told: ModelDescription) -> str:
    scale = told.scale
    span = f"{scale.minimum_diameter_px:g} to {scale.maximum_diameter_px:g} px"
    return f"{span} in diameter, median {scale.median_diameter_px:g} px"


def _range(told: ModelDescription) -> dict[str, float]:
    return {"low": told.scale.minimum_diameter_px, "high": told.scale.maximum_diameter_px}


def _files(told: ModelDescription) -> list[str]:
    rows = [f"| `{name}` | `{digest}` |" for name, digest in told.files.digests.items()]
    return ["| file | SHA-256 |", "|---|---|", *rows]


def _quality(told: ModelDescription, evaluations: Mapping[str, Evaluation]) -> list[str]:
    lines = stated(told.quality)
    lines = [f"As {DESCRIPTION_FILE} states it, from choosing its parameters:", "", *lines] if lines else []
    for name, evaluation in evaluations.items():
        lines += [""] if lines else []
        lines += [f"**{name}**{_measured_with(evaluation)}", "", *measured(evaluation)]
    return [_EXPLAINED, "", *lines] if lines else []


def _measured_with(evaluation: Evaluation) -> str:
    digest = evaluation.get("model", {}).get("sha256")
    settings = {name: value for name, value in evaluation.get("settings", {}).items() if value}
    told = f", measured with the {DESCRIPTION_FILE} of SHA-256 {digest[:16]}…" if digest else ""
    return told + (f" and {', '.join(f'{name} = {value}' for name, value in settings.items())}" if settings else "")


def _quality_control(told: ModelDescription) -> dict[str, Any]:
    """Thresholds beyond which images are flagged, and how an image unlike those of the training is told."""
    familiar = told.familiar
    if familiar is None:
        return told.quality_control.model_dump() | {"images unlike those of the training": "are not told"}
    told_by = f"{', '.join(familiar.features)}; flagged beyond a distance of {familiar.threshold:g}"
    return told.quality_control.model_dump() | {"images unlike those of the training": f"are told by {told_by}"}


def _flags() -> list[str]:
    rows = [f"| `{flag}` | {text.meaning} | {text.next_step} |" for flag, text in FLAG_TEXTS.items()]
    return ["| flag | what it means | next step |", "|---|---|---|", *rows]


def _require_same_model(part: str, evaluation: Evaluation, told: ModelDescription) -> None:
    model = evaluation.get("model") or {}
    if (model.get("name"), model.get("version")) != (told.name, told.version):
        other = f"{model.get('name') or 'an unknown model'} {model.get('version') or ''}".strip()
        cause = f"The evaluation {part!r} is of {other}, the card of {told.name} {told.version}."
        step = "Evaluate this package: labrelay model evaluate FOLDER --data DATA --json FILE."
        raise ModelPackageInvalid(cause, next_step=step)


def _sentences(texts: Any) -> list[str]:
    return [f"- {' '.join(str(text).split())}" for text in _list(texts)]


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
