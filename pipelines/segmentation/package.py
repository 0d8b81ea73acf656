"""A model package: a folder with a network's files and model.toml, which says all the code must know of the model."""

import dataclasses
import hashlib
import tomllib
from pathlib import Path

from pydantic import ValidationError

from pipelines.segmentation.errors import ModelPackageInvalid
from pipelines.segmentation.instances import InstanceParameters
from pipelines.segmentation.packages.description import ModelDescription, ModelScale
from pipelines.segmentation.packages.digests import check_digest
from pipelines.segmentation.packages.places import ENCRYPTED_SUFFIX, place_within

__all__ = ["DESCRIPTION_FILE", "ModelDescription", "ModelPackage", "ModelScale", "load_package", "read_description"]

DESCRIPTION_FILE = "model.toml"
_CORRECT = f"Correct {DESCRIPTION_FILE}; docs/pipeline-author.md has a complete example."


@dataclasses.dataclass(frozen=True)
class ModelPackage:
    """A package whose files have been found whole; encrypted ones are looked at when they are decrypted.

    Attributes:
        folder: Where the files lie.
        description: The content of model.toml.
        instances: Parameters for `instances.label_instances`.
        digest: SHA-256 of model.toml, which carries the digests of the other files: it stands for the whole model.
    """

    folder: Path
    description: ModelDescription
    instances: InstanceParameters
    digest: str

    @property
    def encrypted(self) -> bool:
        """Whether the network's files can be read with the right key only."""
        return self.description.encryption is not None

    @property
    def network_path(self) -> Path:
        """The network's structure (OpenVINO) or the whole network (ONNX), for messages and for plain packages."""
        return self._path(self.description.files.network)

    @property
    def weights_path(self) -> Path | None:
        """The network's weights; None for ONNX, which holds them itself."""
        weights = self.description.files.weights
        return self._path(weights) if weights is not None else None

    def _path(self, name: str) -> Path:
        return self.folder / (name + ENCRYPTED_SUFFIX if self.encrypted else name)


def load_package(folder: Path) -> ModelPackage:
    """Read model.toml and check that the network's files have the digests it names.

    Raises:
        ModelPackageInvalid: A file is absent, changed or elsewhere, or model.toml is wrong.
    """
    description, digest = read_description(folder)
    for name, expected in description.files.digests.items():
        if description.encryption is None:
            check_digest(place_within(folder, name), expected)
        else:
            place_within(folder, name + ENCRYPTED_SUFFIX)
    return ModelPackage(folder, description, _instances(description), digest)


def read_description(folder: Path) -> tuple[ModelDescription, str]:
    """What model.toml says, and its SHA-256; the network's files are not looked at.

    Raises:
        ModelPackageInvalid: model.toml is absent or wrong.
    """
    content = _content(folder / DESCRIPTION_FILE)
    description = _description(content, folder)
    _instances(description)
    return description, hashlib.sha256(content).hexdigest()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        step = f"Name the folder of a model package: one with a {DESCRIPTION_FILE} that may be read."
        raise ModelPackageInvalid(f"{path} can't be read: {error.strerror or error}.", next_step=step) from error


def _description(content: bytes, folder: Path) -> ModelDescription:
    try:
        return ModelDescription.model_validate(tomllib.loads(content.decode()))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ModelPackageInvalid(f"{DESCRIPTION_FILE} in {folder} is wrong: {wrong}.", next_step=_CORRECT) from error
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, or brackets without end
        cause = f"{DESCRIPTION_FILE} in {folder} can't be parsed: {error}."
        raise ModelPackageInvalid(cause, next_step=_CORRECT) from error


def _instances(description: ModelDescription) -> InstanceParameters:
    try:
        return InstanceParameters(**description.instances)
    except (TypeError, ValueError) as error:
        raise ModelPackageInvalid(f"{DESCRIPTION_FILE}, section [instances]: {error}.", next_step=_CORRECT) from error
