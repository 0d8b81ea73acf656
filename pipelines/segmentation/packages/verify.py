"""Looks a model package through, from model.toml to a trial image, and says what is wrong and what to do."""

from collections.abc import Callable
from pathlib import Path

import openvino as ov

from labrelay.contracts.models import ModelCheck
from labrelay.errors import LabrelayError
from pipelines.segmentation.errors import ModelPackageInvalid
from pipelines.segmentation.package import ModelPackage, load_package, read_description
from pipelines.segmentation.packages.card import outdated
from pipelines.segmentation.packages.fitting import fitted
from pipelines.segmentation.packages.places import CARD_FILE, ENCRYPTED_SUFFIX, place_within
from pipelines.segmentation.packages.reading import read_as_it_is, weights
from pipelines.segmentation.packages.trial import try_out


def verified(folder: Path) -> list[ModelCheck]:
    """Every check of a package in order; those after the first that fails are not made."""
    checks: list[ModelCheck] = []
    failed = False
    for name, look in Inspection(folder).steps().items():
        checks.append(ModelCheck(check=name, well=None) if failed else _looked(name, look))
        failed = failed or checks[-1].well is False
    return checks


def _looked(name: str, look: Callable[[], str]) -> ModelCheck:
    try:
        return ModelCheck(check=name, well=True, detail=look())
    except LabrelayError as error:
        return ModelCheck(check=name, well=False, detail=error.cause, next_step=error.next_step)


class Inspection:
    """The looks at one package; each needs those before it, returns what it found, and raises what is wrong."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._core = ov.Core()

    def steps(self) -> dict[str, Callable[[], str]]:
        """The looks in order, by the name that people read."""
        return {
            "description": self._description,
            "files": self._files,
            "digests": self._digests,
            "network": self._network,
            "inputs and outputs": self._fit,
            "trial image": self._trial,
            "model card": self._card,
        }

    def _description(self) -> str:
        self._told, digest = read_description(self._folder)
        return f"{self._told.name} {self._told.version}, {digest[:12]}"

    def _files(self) -> str:
        suffix = ENCRYPTED_SUFFIX if self._told.encryption else ""
        sizes = [place_within(self._folder, name + suffix).stat().st_size for name in self._told.files.digests]
        return f"{', '.join(self._told.files.digests)}: {sum(sizes) / 1e6:.1f} MB"

    def _digests(self) -> str:
        self._package: ModelPackage = load_package(self._folder)
        if self._package.encrypted:
            weights(self._package)
        return "as model.toml names them" + (", decrypted in memory" if self._package.encrypted else "")

    def _network(self) -> str:
        self._model = read_as_it_is(self._core, self._package)
        return f"read by OpenVINO, {len(self._model.get_ops())} layers"

    def _fit(self) -> str:
        self._model = fitted(self._model, self._told)
        channels = self._told.input.channels
        return f"{channels} channel{'s' * (channels > 1)} in, {', '.join(self._told.output.ordered)} out, any size"

    def _trial(self) -> str:
        try:
            try_out(self._core.compile_model(self._model, "CPU"), self._told)
        except RuntimeError as error:
            raise ModelPackageInvalid(f"OpenVINO can't run the network: {error}") from error
        return "answered with numbers in their range"

    def _card(self) -> str:
        path = self._folder / CARD_FILE
        if not path.is_file():
            return f"none; `labrelay model card {self._folder} --write` makes one"
        if wrong := outdated(path.read_text(encoding="utf-8", errors="replace"), self._told):
            step = f"Make it anew: `labrelay model card {self._folder} --write`, with the evaluations."
            raise ModelPackageInvalid(f"{CARD_FILE} doesn't say {', '.join(wrong)}.", next_step=step)
        return "agrees with model.toml"
