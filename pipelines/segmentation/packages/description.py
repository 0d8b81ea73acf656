"""The content of model.toml, checked: all that the code must know of a model."""

from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from pipelines.segmentation.quality_sections import Familiar, QualityThresholds

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Head = Literal["foreground", "seed", "contact", "offset_y", "offset_x"]

HEADS: Final[tuple[Head, ...]] = get_args(Head)
"""All maps that a network may predict, in the order in which the code gets them whatever the network's own is."""

PROBABILITIES: Final[frozenset[Head]] = frozenset({"foreground", "seed", "contact"})
"""Heads whose values lie between 0 and 1."""


class Section(BaseModel):
    """A table of model.toml; keys that nobody knows are refused, as they are most often misspelt."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelFiles(Section):
    """Names of the network's files within the folder and their SHA-256: OpenVINO's `xml` and `bin`, or ONNX's `model`.

    The digests are those of the plain files, also where the folder holds them encrypted.
    """

    xml: FileName | None = None
    bin: FileName | None = None
    xml_sha256: Sha256 | None = None
    bin_sha256: Sha256 | None = None
    model: FileName | None = None
    model_sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if given not in ({"xml", "bin", "xml_sha256", "bin_sha256"}, {"model", "model_sha256"}):
            raise ValueError(
                "needed are xml, bin, xml_sha256 and bin_sha256 (OpenVINO), or model and model_sha256 (ONNX)"
            )
        return self

    @property
    def network(self) -> str:
        """The file with the network's structure; of ONNX the whole network."""
        return self.xml or self.model or ""

    @property
    def weights(self) -> str | None:
        """The file with the weights alone; None for ONNX, which holds them itself."""
        return self.bin

    @property
    def digests(self) -> dict[str, str]:
        """Hex SHA-256 of each file, by its name, the network's structure first."""
        pairs = (self.xml, self.xml_sha256), (self.bin, self.bin_sha256), (self.model, self.model_sha256)
        return {name: digest for name, digest in pairs if name is not None and digest is not None}


class ModelInput(Section):
    """What the network reads: tiles in pixels, percentiles of intensity in percent.

    `port` is the input's name, which nobody needs as there is only one; `channel_names` are in the channels' order.
    """

    channels: int = Field(ge=1, le=16)
    channel_names: tuple[str, ...] = ()
    layout: Literal["NCHW"] = "NCHW"
    port: str | None = None
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
        if self.channel_names and len(set(self.channel_names)) != self.channels:
            raise ValueError("channel_names must name each channel once")
        return self


class ModelOutput(Section):
    """What the network predicts: maps as channels of one output, in the network's order.

    Foreground, seed and contact are probabilities; with `activation = "sigmoid"` the network gives logits and they are
    made probabilities here. Offsets are left as they are. `port` is the output's name where there are several.
    """

    heads: tuple[Head, ...]
    activation: Literal["none", "sigmoid"] = "none"
    port: str | None = None

    @model_validator(mode="after")
    def _with_foreground(self) -> Self:
        if "foreground" not in self.heads:
            raise ValueError('heads must contain "foreground"')
        if len(set(self.heads)) != len(self.heads):
            raise ValueError("heads must name each map once")
        if ("offset_y" in self.heads) != ("offset_x" in self.heads):
            raise ValueError("offset_y and offset_x need each other")
        return self

    @property
    def ordered(self) -> tuple[Head, ...]:
        """The network's heads in the order of `HEADS`."""
        return tuple(head for head in HEADS if head in self.heads)


class ModelScale(Section):
    """Diameters in pixels of the objects that the network knows from training; the usual one in µm, if known.

    Within `tolerated_ratio` of the size that suits it best the network copes by itself, and the image is taken as it
    is: resampling would only cost time and sharpness.
    """

    median_diameter_px: float = Field(gt=0)
    minimum_diameter_px: float = Field(gt=0)
    maximum_diameter_px: float = Field(gt=0)
    usual_diameter_um: float | None = Field(default=None, gt=0)
    tolerated_ratio: float = Field(default=2.0, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.minimum_diameter_px <= self.median_diameter_px <= self.maximum_diameter_px:
            raise ValueError("diameters must be ordered: minimum, median, maximum")
        return self


class ModelClasses(Section):
    """Names of the kinds of objects."""

    names: tuple[str, ...] = Field(min_length=1)


class ModelEncryption(Section):
    """How the network's files are encrypted; the key's id is the start of the key's SHA-256."""

    algorithm: Literal["AES-256-GCM"]
    key_id: str = Field(pattern=r"^[0-9a-f]{8}$")


class ModelDescription(Section):
    """The content of model.toml; `training` and `quality` are for people and take any key.

    Attributes:
        precision: Of the weights and what is computed with them, as the exporter states it.
        quality_control: Thresholds beyond which an image is flagged.
        familiar: What images like those of the training look like; without it that is not judged.
    """

    name: str = Field(min_length=1)
    version: str = Field(min_length=1)
    description: str
    precision: Literal["fp32", "fp16", "int8"] | None = None
    files: ModelFiles
    input: ModelInput
    output: ModelOutput
    instances: dict[str, Any] = {}
    scale: ModelScale
    classes: ModelClasses
    encryption: ModelEncryption | None = None
    quality_control: QualityThresholds = QualityThresholds()
    familiar: Familiar | None = None
    training: dict[str, Any] = {}
    quality: dict[str, Any] = {}
