"""Make a model package of a training run: OpenVINO files, tuned parameters, measured quality, model.toml."""

import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import openvino as ov
import torch

from pipelines.segmentation.instances import InstanceParameters
from pipelines.segmentation.package import DESCRIPTION_FILE, load_package
from pipelines.training.data import LabelledImage, reduced
from pipelines.training.description import XML, as_toml, files, quality
from pipelines.training.evaluate import evaluate, predictions
from pipelines.training.network import STEM, Maps, UNet
from pipelines.training.record import RunRecord
from pipelines.training.scores import Summary, summary
from pipelines.training.targets import HEADS
from pipelines.training.train import CHECKPOINT
from pipelines.training.tune import MAGNIFIED_PX, START, choose, magnified

TILE_PX, OVERLAP_PX = 1088, 128

Sections = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Identity:
    """What a model is called, what it finds, and what people shall know of its training besides figures."""

    name: str
    version: str
    description: str
    classes: tuple[str, ...]
    about: dict[str, Any] = field(default_factory=dict)


def export(
    run: Path,
    folder: Path,
    identity: Identity,
    val: list[LabelledImage],
    magnified_px: tuple[float, ...] = MAGNIFIED_PX,
) -> Summary:
    """Write model.xml, model.bin and model.toml; parameters are chosen and quality is measured on `val`.

    Args:
        run: folder of a training run.
        folder: the model package to write; made if absent.
        identity: name, version, description and classes.
        val: validation images, none of which was trained on.
        magnified_px: object diameters to which some of `val` are enlarged, for choosing parameters only.

    Returns:
        The quality measured on `val` with the files just written, by the very code of the pipeline.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network, seconds = _trained(run / CHECKPOINT)
    _write_network(network, folder)
    sections = _sections(folder, identity, RunRecord.read(run), 2 ** len(network.widths), seconds)
    _write_description(folder, identity, sections | {"instances": asdict(START)})
    sections["instances"] = asdict(_chosen(folder, val, magnified_px, RunRecord.read(run).reduction))
    _write_description(folder, identity, sections)
    measured = summary(evaluate(folder, val))
    _write_description(folder, identity, sections | {"quality": _quality(measured)})
    return measured


def _trained(checkpoint: Path) -> tuple[UNet, float]:
    """The averaged weights, and the seconds that they were trained for."""
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    network = UNet(tuple(state["widths"]))
    network.load_state_dict(state["average"])
    return network.eval(), float(state["seconds"])


def _write_network(network: UNet, folder: Path) -> None:
    size = STEM * 2 ** len(network.widths)
    with torch.no_grad(), warnings.catch_warnings():
        # OpenVINO's converter still traces, which PyTorch calls deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        model = ov.convert_model(
            Maps(network).eval(), example_input=torch.zeros(1, 1, size, size), input=[("image", [-1, 1, -1, -1])]
        )
    model.inputs[0].get_tensor().set_names({"image"})
    model.outputs[0].get_tensor().set_names({"prediction"})
    ov.save_model(model, folder / XML, compress_to_fp16=True)


def _chosen(
    folder: Path, val: list[LabelledImage], magnified_px: tuple[float, ...], reduction: float
) -> InstanceParameters:
    """Parameters that suit `val` at the size at which the network learnt such images, and larger objects."""
    learnt = [reduced(image, reduction) for image in val]
    shown = learnt + magnified(learnt, magnified_px)
    return choose(list(predictions(load_package(folder), shown)), [image.labels for image in shown])


def _sections(folder: Path, identity: Identity, record: RunRecord, multiple_of: int, seconds: float) -> Sections:
    return {
        "files": files(folder),
        "input": {
            "channels": 1,
            "multiple_of": multiple_of,
            "tile_px": TILE_PX,
            "overlap_px": OVERLAP_PX,
            "low_percentile": record.low_percentile,
            "high_percentile": record.high_percentile,
            "minimum_range": record.minimum_range,
        },
        "output": {"heads": HEADS},
        "scale": _scale(record),
        "classes": {"names": identity.classes},
        "training": {
            "data": record.data,
            "licence": record.licence,
            "images": record.images,
            "objects": record.objects,
            "seconds": round(seconds),
            "command": record.command,
            **identity.about,
        },
    }


def _scale(record: RunRecord) -> dict[str, float]:
    """Objects learnt smaller than recorded shall be seen so, at their typical size; others as they are, if possible."""
    smallest, largest = record.diameters_px
    told = {"median_diameter_px": round(record.median_diameter_px, 1), "minimum_diameter_px": smallest}
    if record.reduction == 1.0:
        return told | {"maximum_diameter_px": largest, "tolerated_ratio": 2.0}
    typical = record.typical_diameter_px
    # The range's middle, which the pipeline aims at, becomes the typical diameter.
    told["median_diameter_px"] = round(typical, 1)
    return told | {"maximum_diameter_px": round(typical**2 / smallest, 1), "tolerated_ratio": 1.25}


def _quality(pool: Summary) -> dict[str, float]:
    return quality(pool, "val") | {"val_images": pool.images, "val_objects": pool.objects}


def _write_description(folder: Path, identity: Identity, sections: Sections) -> None:
    named = {key: getattr(identity, key) for key in ("name", "version", "description")}
    (folder / DESCRIPTION_FILE).write_text(as_toml(named | {"precision": "fp16"} | sections), encoding="utf-8")
