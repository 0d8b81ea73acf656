"""What a map can show of a well: progress, state, what was measured, quality, when it came, how replicates agree."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from labrelay.contracts.states import Stage
from labrelay.contracts.wells import PlateWells, Well
from labrelay.words import _

MINUTE_NS: Final = 60_000_000_000
PROGRESS, STATUS, ARRIVAL, FLAGS, REPLICATES = "progress", "status", "arrival", "flags", "cv"
SETTLED: Final = (Stage.COMPLETE, Stage.UNMATCHED)
"""Images that nothing more is to be done with, and nobody has to look at."""
COUNTS: Final = "count"
QUALITY: Final = "qc_"

Values = dict[str, float]


@dataclass(frozen=True)
class Layer:
    """One thing that a map shows.

    Attributes:
        key: as an address has it.
        group: under which it stands in the choice.
        unit: after each number.
        low: where its scale begins in any case, as `high` where it ends.
    """

    key: str
    title: str
    group: str
    unit: str = ""
    low: float | None = None
    high: float | None = None


def layers_of(found: PlateWells) -> dict[str, Layer]:
    """The layers of a plate, by key."""
    run, quality, measured = _("The run"), _("Quality"), _("Measured")
    fixed = [
        Layer(PROGRESS, _("Progress"), run, "%", 0.0, 100.0),
        Layer(STATUS, _("Status"), run),
        Layer(ARRIVAL, _("Arrival"), run, " min", 0.0),
    ]
    figures = [
        Layer(key, title_of(name), quality if name.startswith(QUALITY) else measured)
        for key, name in measured_keys(found).items()
    ]
    flags = [Layer(FLAGS, _("Flagged images"), quality, "", 0.0)] if main_key(found) else []
    declared = [Layer(REPLICATES, _("Replicates' variation"), quality, "%", 0.0)] if _samples(found) else []
    order = {run: 0, measured: 1, quality: 2}
    layers = sorted([*fixed, *flags, *figures, *declared], key=lambda each: order[each.group])
    return {each.key: each for each in layers}


def measured_keys(found: PlateWells) -> dict[str, str]:
    """Measurements by the keys of their layers; one that is called like a layer of ours gives way."""
    ours = (PROGRESS, STATUS, ARRIVAL, FLAGS, REPLICATES)
    return {f"measured_{name}" if name in ours else name: name for name in found.measurements}


def main_key(found: PlateWells) -> str:
    """The layer of what the plate is about: the count, else the first measurement; empty without any."""
    keys = measured_keys(found)
    return next((key for key, name in keys.items() if name.lower().endswith(COUNTS)), next(iter(keys), ""))


def usual_layer(found: PlateWells) -> str:
    """What is shown first: how far it is while it comes, then what was measured."""
    return (main_key(found) if found.plate.state == "finished" else "") or STATUS


def title_of(name: str) -> str:
    """A measurement's name for people."""
    plain = name.removeprefix(QUALITY).replace("_", " ").strip() or name
    return plain[:1].upper() + plain[1:]


def values_of(found: PlateWells, layer: str) -> Values:
    """The value of each well that has one, by the well's name; none for the status."""
    if layer in (main := measured_keys(found)):
        place = found.measurements.index(main[layer])
        return {each.well: value for each in found.wells if (value := each.values[place]) is not None}
    told = TOLD.get(layer)
    return told(found) if told else {}


def progress_of(well: Well) -> float | None:
    """Images that are done, of those expected (or arrived, where nobody knows more), per cent."""
    due = max(well.expected or 0, well.arrived)
    return 100.0 * sum(well.stages.get(stage, 0) for stage in SETTLED) / due if due else None


def _progress(found: PlateWells) -> Values:
    return {each.well: value for each in found.wells if (value := progress_of(each)) is not None}


def _arrival(found: PlateWells) -> Values:
    """Minutes after the plate's first image."""
    came = {each.well: each.first_ns for each in found.wells if each.first_ns}
    first = min(came.values(), default=0)
    return {well: (at - first) / MINUTE_NS for well, at in came.items()}


def _flagged(found: PlateWells) -> Values:
    return {each.well: float(each.flagged) for each in found.wells if each.values and _has_results(each)}


def _has_results(well: Well) -> bool:
    return any(value is not None for value in well.values)


def _samples(found: PlateWells) -> dict[str, list[str]]:
    """Wells that are declared to be replicates, by sample; two at least."""
    wells: defaultdict[str, list[str]] = defaultdict(list)
    for each in found.wells:
        if each.sample:
            wells[each.sample].append(each.well)
    return {sample: names for sample, names in wells.items() if len(names) > 1}


def _replicates(found: PlateWells) -> Values:
    """Coefficient of variation of the main measurement over each sample's wells, per cent: 100 · s ÷ mean."""
    main = values_of(found, main_key(found))
    shown: Values = {}
    for names in _samples(found).values():
        variation = variation_of([main[name] for name in names if name in main])
        if variation is not None:
            shown |= dict.fromkeys(names, variation)
    return shown


def variation_of(values: Sequence[float]) -> float | None:
    """100 · sample standard deviation ÷ |mean|; None for fewer than two values or a mean of 0."""
    mean = statistics.fmean(values) if len(values) > 1 else 0.0
    return 100.0 * statistics.stdev(values) / abs(mean) if mean else None


TOLD: Final[dict[str, Callable[[PlateWells], Values]]] = {
    PROGRESS: _progress,
    ARRIVAL: _arrival,
    FLAGS: _flagged,
    REPLICATES: _replicates,
}
