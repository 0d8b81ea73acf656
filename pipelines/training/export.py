"""Make a model package of a training run: OpenVINO files, tuned parameters, measured quality, model.toml."""

import hashlib
import json
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import openvino as ov
import torch

from pipelines.segmentation.instances import InstanceParameters, label_instances
from pipelines.segmentation.package import DESCRIPTION_FILE, load_package
from pipelines.training.data import LabelledImage
from pipelines.training.evaluate import predictions
from pipelines.training.network import Probabilities, UNet
from pipelines.training.record import RunRecord
from pipelines.training.scores import IOUS, Summary, score, summary
from pipelines.training.train import CHECKPOINT
from pipelines.training.tune import MAGNIFIED_PX, choose, magnified

XML, BIN = "model.xml", "model.bin"
# Four halvings in the network need 16; one more leaves room for a deeper one.
MULTIPLE_OF, TILE_PX, OVERLAP_PX = 32, 512, 64

Sections = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Identity:
    """What a model is called and what it finds."""

    name: str
    version: str
    description: str
    classes: tuple[str, ...]


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
        The quality measured on `val` with the files just written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    seconds = _write_network(run / CHECKPOINT, folder)
    record, parameters = RunRecord.read(run), InstanceParameters()
    _write_description(folder, identity, _sections(folder, identity, record, parameters, seconds))
    shown = val + magnified(val, magnified_px)
    maps = list(predictions(load_package(folder), shown))
    parameters = choose(maps, [image.labels for image in shown], parameters)
    found = [label_instances(prediction, parameters) for prediction in maps[: len(val)]]
    quality = summary([score(i.stem, i.labels, o) for i, o in zip(val, found, strict=True)])
    sections = _sections(folder, identity, record, parameters, seconds) | {"quality": _quality(quality)}
    _write_description(folder, identity, sections)
    return quality


def _write_network(checkpoint: Path, folder: Path) -> float:
    """Convert the averaged weights; returns the seconds they were trained for."""
    state = torch.load(checkpoint, weights_only=True)
    network = UNet(state["channels"])
    network.load_state_dict(state["average"])
    example = torch.zeros(1, 1, 2 * MULTIPLE_OF, 2 * MULTIPLE_OF)
    with torch.no_grad(), warnings.catch_warnings():
        # OpenVINO's converter still traces, which PyTorch calls deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        model = ov.convert_model(
            Probabilities(network).eval(), example_input=example, input=[("image", [-1, 1, -1, -1])]
        )
    model.inputs[0].get_tensor().set_names({"image"})
    model.outputs[0].get_tensor().set_names({"prediction"})
    ov.save_model(model, folder / XML, compress_to_fp16=True)
    return float(state["seconds"])


def _sections(
    folder: Path, identity: Identity, record: RunRecord, parameters: InstanceParameters, seconds: float
) -> Sections:
    return {
        "files": {"xml": XML, "bin": BIN, "xml_sha256": _sha256(folder / XML), "bin_sha256": _sha256(folder / BIN)},
        "input": {
            "channels": 1,
            "multiple_of": MULTIPLE_OF,
            "tile_px": TILE_PX,
            "overlap_px": OVERLAP_PX,
            "low_percentile": record.low_percentile,
            "high_percentile": record.high_percentile,
            "minimum_range": record.minimum_range,
        },
        "output": {"heads": ["foreground", "seed"]},
        "instances": asdict(parameters),
        "scale": {
            "median_diameter_px": round(record.median_diameter_px, 1),
            "minimum_diameter_px": record.diameters_px[0],
            "maximum_diameter_px": record.diameters_px[1],
        },
        "classes": {"names": list(identity.classes)},
        "training": {
            "data": record.data,
            "licence": record.licence,
            "images": record.images,
            "objects": record.objects,
            "seconds": round(seconds),
            "command": record.command,
        },
    }


def _quality(quality: Summary) -> dict[str, Any]:
    precisions = zip(IOUS, quality.average_precision, strict=True)
    return {f"val_ap_{round(iou * 100):03d}": round(value, 4) for iou, value in precisions} | {
        "val_count_error": round(quality.count_error, 4),
        "val_count_bias": round(quality.count_bias, 4),
        "val_images": quality.images,
        "val_objects": quality.objects,
    }


def _write_description(folder: Path, identity: Identity, sections: Sections) -> None:
    lines = [f"{key} = {_toml(getattr(identity, key))}" for key in ("name", "version", "description")]
    for section, values in sections.items():
        lines += ["", f"[{section}]", *(f"{key} = {_toml(value)}" for key, value in values.items())]
    (folder / DESCRIPTION_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: Any) -> str:
    """A string, number, truth value or list of such in TOML, where JSON's notation is the same."""
    return json.dumps(value, ensure_ascii=False)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
