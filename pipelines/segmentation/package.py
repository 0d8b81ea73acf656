"""A model package: a folder with model.xml, model.bin and model.toml that says all the code must know of a model."""

import dataclasses
import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from pipelines.segmentation.errors import ModelPackageInvalid
from pipelines.segmentation.instances import InstanceParameters

DESCRIPTION_FILE = "model.toml"
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelFiles(_Section):
    """Names of the network's files within the folder, and their SHA-256 digests."""

    xml: FileName
    bin: FileName
    xml_sha256: Sha256
    bin_sha256: Sha256


class ModelInput(_Section):
    """What the network reads: tiles in pixels, percentiles of intensity in percent."""

    channels: Literal[1]
    multiple_of: int = Field(gt=0)
    tile_px: int = Field(gt=0)
    overlap_px: int = Field(ge=0)
    low_percentile: float = Field(ge=0, le=100)
    high_percentile: float = Field(ge=0, le=100)
    minimum_range: float = Field(ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.tile_px % self.multiple_of:
            raise ValueError("tile_px must be divisible by multiple_of")
        if self.overlap_px >= self.tile_px:
            raise ValueError("overlap_px must be smaller than tile_px")
        if self.low_percentile >= self.high_percentile:
            raise ValueError("low_percentile must be below high_percentile")
        return self


class ModelOutput(_Section):
    """What the network predicts: a foreground probability and a seed map, both 0 to 1."""

    heads: tuple[Literal["foreground"], Literal["seed"]]


class ModelScale(_Section):
    """Diameters in pixels of the objects that the network knows from training."""

    median_diameter_px: float = Field(gt=0)
    minimum_diameter_px: float = Field(gt=0)
    maximum_diameter_px: float = Field(gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.minimum_diameter_px <= self.median_diameter_px <= self.maximum_diameter_px:
            raise ValueError("diameters must be ordered: minimum, median, maximum")
        return self


class ModelClasses(_Section):
    """Names of the kinds of objects."""

    names: tuple[str, ...] = Field(min_length=1)


class ModelDescription(_Section):
    """The content of model.toml; `training` and `quality` are for people and take any key."""

    name: str = Field(min_length=1)
    version: str = Field(min_length=1)
    description: str
    files: ModelFiles
    input: ModelInput
    output: ModelOutput
    instances: dict[str, Any]
    scale: ModelScale
    classes: ModelClasses
    training: dict[str, Any] = {}
    quality: dict[str, Any] = {}


@dataclasses.dataclass(frozen=True)
class ModelPackage:
    """A package whose files have been found whole.

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
    def xml_path(self) -> Path:
        """The network's structure."""
        return self.folder / self.description.files.xml

    @property
    def bin_path(self) -> Path:
        """The network's weights."""
        return self.folder / self.description.files.bin


def load_package(folder: Path) -> ModelPackage:
    """Read model.toml and check that the network's files have the digests it names.

    Raises:
        ModelPackageInvalid: A file is absent or changed, or model.toml is wrong.
    """
    content = _content(folder / DESCRIPTION_FILE)
    description = _description(content, folder)
    files = description.files
    _check_digest(folder / files.xml, files.xml_sha256)
    _check_digest(folder / files.bin, files.bin_sha256)
    return ModelPackage(folder, description, _instances(description), hashlib.sha256(content).hexdigest())


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelPackageInvalid(f"{path} can't be read: {error.strerror or error}.") from error


def _description(content: bytes, folder: Path) -> ModelDescription:
    try:
        return ModelDescription.model_validate(tomllib.loads(content.decode()))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ModelPackageInvalid(f"{DESCRIPTION_FILE} in {folder} is wrong: {wrong}.") from error
    except ValueError as error:  # no UTF-8, or no TOML
        raise ModelPackageInvalid(f"{DESCRIPTION_FILE} in {folder} can't be parsed: {error}.") from error


def _instances(description: ModelDescription) -> InstanceParameters:
    try:
        return InstanceParameters(**description.instances)
    except (TypeError, ValueError) as error:
        raise ModelPackageInvalid(f"{DESCRIPTION_FILE}, section [instances]: {error}.") from error


def _check_digest(path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelPackageInvalid(f"{path} can't be read: {error.strerror or error}.") from error
    if found != expected:
        raise ModelPackageInvalid(f"{path} has the SHA-256 {found}, but {DESCRIPTION_FILE} names {expected}.")
