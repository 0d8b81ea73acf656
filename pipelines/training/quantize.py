"""Make a package's network calculate with 8-bit integers (NNCF, post-training), unless that costs accuracy."""

import logging
import shutil
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nncf
import openvino as ov

from pipelines.segmentation.package import DESCRIPTION_FILE, ModelPackage, load_package
from pipelines.segmentation.packages.reading import read_network
from pipelines.training.calibration import Tile, calibration_tiles
from pipelines.training.data import LabelledImage
from pipelines.training.description import XML, as_toml, files, quality
from pipelines.training.errors import QuantisationRefused
from pipelines.training.evaluate import evaluate
from pipelines.training.guard import WAYS, Guard, Trial, Way
from pipelines.training.layers import first_convolutions, last_convolutions
from pipelines.training.scores import Summary, summary

_USUAL = Guard()


def quantise(
    folder: Path,
    out: Path,
    images: list[LabelledImage],
    val: list[LabelledImage],
    guard: Guard = _USUAL,
    report: Callable[[str], None] = lambda _: None,
) -> Trial:
    """Write a package with an INT8 network, made in the first of `WAYS` that the guard lets pass.

    Args:
        folder: The package with the network as it was trained.
        out: The package to write; must not exist yet, or be empty.
        images: Training images, to calibrate on.
        val: Validation images, which decide.
        guard: How much may be lost.
        report: Is told how each way did.

    Raises:
        QuantisationRefused: No way passed, or the package is none that can be quantised; nothing was written.
        ModelPackageInvalid: The package is incomplete or changed.
    """
    package = load_package(folder)
    _check(package, out)
    nncf.set_log_level(logging.ERROR)
    before, trials = summary(evaluate(folder, val, precision="fp32")), list[Trial]()
    for way in WAYS:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            after = _tried(package, way, images, val, Path(temporary))
            trials.append(Trial(way, before, after, guard.lets_pass(before, after)))
            report(str(trials[-1]))
            if trials[-1].passed:
                _write_description(package, Path(temporary), _made(trials[-1]))
                _copy(Path(temporary), out)
                return trials[-1]
    raise QuantisationRefused(f"{'; '.join(map(str, trials))}. Nothing was written.")


def _copy(candidate: Path, out: Path) -> None:
    """Not moved: OpenVINO may hold the files, which Windows lets nobody move, and temporary folders are private."""
    out.mkdir(parents=True, exist_ok=True)
    for file in candidate.iterdir():
        shutil.copyfile(file, out / file.name)


def _tried(
    package: ModelPackage, way: Way, images: list[LabelledImage], val: list[LabelledImage], folder: Path
) -> Summary:
    """Write a package made in one way, and measure it."""
    _write_network(package, way, calibration_tiles(images, package.description, way.tiles), folder)
    _write_description(package, folder, {})
    return summary(evaluate(folder, val))


def _check(package: ModelPackage, out: Path) -> None:
    cause, step = "", ""
    if package.encrypted:
        cause, step = f"{package.folder} is encrypted.", "Quantise the plain package, then encrypt the result."
    elif package.description.input.channels != 1:
        cause = f"The network of {package.folder} reads several channels; only one can be calibrated on."
        step = "Quantise it with NNCF yourself, and state files and precision in model.toml."
    elif package.description.precision == "int8":
        cause, step = f"{package.folder} is quantised already.", "Start from the package as it was trained."
    elif out.exists() and any(out.iterdir()):
        cause, step = f"{out} holds files already.", "Name a new folder, or remove that one."
    if cause:
        raise QuantisationRefused(cause, next_step=step)


def _write_network(package: ModelPackage, way: Way, tiles: list[Tile], folder: Path) -> None:
    model = read_network(ov.Core(), package)
    kept = [] if way.kept == "none" else last_convolutions(model)
    if way.kept == "ends":
        kept = sorted({*first_convolutions(model), *kept})
    quantised = nncf.quantize(
        model,
        nncf.Dataset(tiles),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(tiles),
        fast_bias_correction=not way.exact_bias,
        ignored_scope=nncf.IgnoredScope(names=kept) if kept else None,
    )
    ov.save_model(quantised, folder / XML, compress_to_fp16=True)


def _write_description(package: ModelPackage, folder: Path, made: dict[str, dict[str, Any]]) -> None:
    """The description of the trained package, with what is different now: files, precision, ports, quality."""
    content = tomllib.loads((package.folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
    # The network was read as `fitting.fitted` makes it: ports named, heads in order, probabilities as such.
    content["input"].pop("port", None)
    content["output"] = {"heads": list(package.description.output.ordered)}
    content |= {"precision": "int8", "files": files(folder)}
    for section, values in made.items():
        content[section] = content.get(section, {}) | values
    (folder / DESCRIPTION_FILE).write_text(as_toml(content), encoding="utf-8")


def _made(trial: Trial) -> dict[str, dict[str, Any]]:
    """How the network was quantised, and what it gave on the validation images before and after."""
    way = f"NNCF {nncf.__version__}, INT8, {trial.way.name}, calibrated on {trial.way.tiles} tiles of training images"
    return {
        "training": {"quantisation": way},
        "quality": quality(trial.after, "val") | quality(trial.before, "before_quantisation"),
    }
