"""The instrument's side: the folders that it watches, and how it reaches its gateway."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from labrelay.contracts.attributes import Attributes
from labrelay.contracts.captures import InstrumentId
from labrelay.settings.existing import Existing, existing_of
from labrelay.settings.marker import refuse_marker
from labrelay.settings.retention import JobRule
from labrelay.settings.section import Seconds, Section


class WatchedFolder(Section):
    """One folder that an instrument writes into.

    Attributes:
        completion: how a finished file is told. `close_write`: an event vouches, else as `stable`. `stable`: unchanged
            for `stable_s`. `marker`: a companion file appears. `rename`: a name of `unfinished` goes away. `auto`:
            `close_write` where the system tells closes and the folder is a local one, else `stable`.
        stable_s: seconds without change after which a file counts as finished.
        marker: the companion's name for `marker`, beside the file: `{name}` stands for the whole file name, `{stem}`
            for it without its suffix; a name without either vouches for all files of its folder that are not newer.
        unfinished: names that files have while the instrument writes them; never captured.
        min_age_s: seconds that must have passed since a file's last change, whatever else vouches for it.
        min_bytes: smaller files are not captured.
        observer: how changes are heard: `events` of the system, `polling` (shares give no events), or `auto`.
        poll_s: seconds between two looks where there are no events.
        existing: files that are there at the first start: `take`, `ignore`, or `since DATE` (ISO 8601, by their last
            change; a date without a time zone is this machine's).
        names: how names are read: a preset of `labrelay.plates`, `auto` (the first that fits) or `none`.
        patterns: own named regular expressions over the path below the folder, asked before `names`.
        attributes: fixed attributes of every file in it.
        must_match: a file that no task takes is a failure.
        retention: when images may be deleted here; by default never.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "input"
    path: Path
    completion: Literal["auto", "close_write", "stable", "marker", "rename"] = "auto"
    stable_s: Seconds = 2.0
    marker: str = "{name}.done"
    unfinished: tuple[str, ...] = ("*.tmp", "*.temp", "*.part", "*.partial", "*.filepart", "*.crdownload")
    min_age_s: Annotated[float, Field(ge=0)] = 0.0
    min_bytes: Annotated[int, Field(ge=0)] = 0
    observer: Literal["auto", "events", "polling"] = "auto"
    poll_s: Seconds = 5.0
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ("**/.*", "**/~*", "**/Thumbs.db")
    recursive: bool = True
    existing: str = "take"
    names: str = "auto"
    patterns: tuple[str, ...] = ()
    attributes: Attributes = {}
    must_match: bool = False
    retention: JobRule = JobRule()

    @field_validator("marker")
    @classmethod
    def _marker(cls, text: str) -> str:
        refuse_marker(text)
        return text

    @field_validator("existing")
    @classmethod
    def _existing(cls, text: str) -> str:
        existing_of(text)
        return text

    @property
    def existing_files(self) -> Existing:
        """What becomes of files that are there at the first look."""
        return existing_of(self.existing)


class AttributeRule(Section):
    """AiCSD's AttributeParser entry: how one attribute is read from a name."""

    id: str
    type: Literal["bool", "int", "string"]


class Tls(Section):
    """How the OEM side knows its gateway, and shows itself to it. All are PEM files.

    Attributes:
        ca: who must have signed the gateway's certificate; without it, the public authorities.
        certificate: this machine's own certificate, where the gateway's proxy asks for one.
        key: its private key.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _pair(self) -> "Tls":
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a certificate needs its key and a key its certificate; set both or none")
        return self


class Oem(Section):
    """The instrument's side.

    Attributes:
        token_file: holds this instrument's token, alone on a line; read anew when it changes, so that a new token is
            put in its place while all goes on.
        priority: `low` lets the instrument's own software go first, for processor and disk.
        max_mb_per_s: bytes sent to and fetched from the gateway, together, in millions a second; 0 is no limit.
    """

    instrument: InstrumentId = "oem"
    hostname: str = "oem"
    edge_url: str = ""
    token_file: Path | None = None
    tls: Tls = Tls()
    folders: tuple[WatchedFolder, ...] = ()
    output_folder: Path = Path("oem-files/output")
    attributes: dict[str, AttributeRule] = {}
    rescan_s: Seconds = 30.0
    priority: Literal["low", "normal"] = "low"
    max_mb_per_s: Annotated[float, Field(ge=0)] = 0.0
