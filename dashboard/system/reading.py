"""What the system's page tells of the gateway, and the audit trail."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from dashboard.quantities import duration, moment, size
from dashboard.system.acts import act_words
from labrelay.contracts.audit import AuditEntry, AuditPage
from labrelay.contracts.disks import disk_name
from labrelay.errors import LabrelayError
from labrelay.http import Client
from labrelay.words import _

NS: Final = 1_000_000_000
MOST: Final = 50_000
PAGE: Final = 100
Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class Trail:
    """Which rows of the audit trail a reader wants; it stands in the page's URL."""

    kind: str = ""
    actor: str = ""
    subject: str = ""
    ends: bool = False
    before: int = 0

    def query(self, limit: int, before: int | None = None) -> dict[str, Any]:
        """The parameters of `GET /api/v2/audit`; the ends of jobs are shown only when they are asked for."""
        people = not (self.ends or self.kind or self.subject)
        told = {"kind": self.kind, "actor": self.actor, "subject": self.subject, "people": people or None}
        return {"limit": limit, "before": (self.before if before is None else before) or None, **told}


def read_gateway(client: Client) -> list[tuple[str, Facts]]:
    """Stores and disks as titled lists of facts.

    Raises:
        ServiceUnavailable: the repository doesn't answer.
    """
    health, summary = client.get("/api/v2/health"), client.get("/api/v2/summary")
    return [(_("Stores"), _stores(health)), (_("Disks"), _disks(summary))]


def _stores(health: dict[str, Any]) -> Facts:
    backup = health["backup"]
    kept = _("{age} ago").format(age=duration(int(backup["age_s"] * NS))) if backup.get("age_s") is not None else ""
    began = moment(int(health["epoch_ns"])).text if health["epoch_ns"] else _("unknown")
    return [
        (_("Epoch of the live store"), _("{number}, since {time}").format(number=health["epoch"], time=began)),
        (_("Events that the record doesn't hold yet"), f"{health['lag']:,}"),
        (_("Newest backup"), kept or _("none")),
    ]


def _disks(summary: dict[str, Any]) -> Facts:
    words = _("{used} used, {free} free")
    return [(_(disk_name(str(disk["name"]))), words.format(**_space(disk))) for disk in summary.get("disks", ())]


def _space(disk: dict[str, Any]) -> dict[str, str]:
    return {"used": f"{round(100 * disk['used'])} %", "free": size(int(disk["free"]))}


def read_trail(client: Client, trail: Trail, limit: int = PAGE, before: int | None = None) -> AuditPage:
    """A page of the trail that isn't empty, as far as there is one."""
    page = AuditPage.model_validate(client.get("/api/v2/audit", params=trail.query(limit, before)), extra="ignore")
    while not page.items and page.next is not None:
        answer = client.get("/api/v2/audit", params=trail.query(limit, page.next))
        page = AuditPage.model_validate(answer, extra="ignore")
    return page


def whole_trail(client: Client, trail: Trail, most: int = MOST) -> Iterator[AuditEntry]:
    """Row after row, newest first, `most` at the most."""
    before: int | None = None
    while most > 0:
        page = read_trail(client, trail, min(1000, most), before)
        yield from page.items
        most -= len(page.items)
        before = page.next
        if before is None:
            return


def entry_words(entry: AuditEntry) -> str:
    """What a row tells beside its kind: its values as `name: value`, the digests left out."""
    plain = {name: value for name, value in entry.body.items() if not _is_digest(value) and value not in ("", None, [])}
    return ", ".join(f"{name.replace('_', ' ')}: {_short(value)}" for name, value in plain.items())


def entry_title(entry: AuditEntry) -> str:
    """What was done, in words."""
    return act_words(entry.kind)


def verify(client: Client) -> tuple[bool, str]:
    """Whether the whole chain stands, and what a reader is told of it."""
    try:
        told = client.get("/api/v2/audit/verify", read_s=120.0)
    except LabrelayError as error:
        return False, f"{error.cause} {_(error.next_step)}"
    rows = f"{int(told['rows']):,}"
    if told["intact"]:
        return True, _("All {rows} rows stand as they were written.").format(rows=rows)
    found = "; ".join(str(each.get("detail") or each.get("kind")) for each in told["findings"][:5])
    return False, _("Something was changed. The first row that doesn't fit is {row}: {found}.").format(
        row=told["first_bad"] or "?", found=found
    )


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and all(each in "0123456789abcdef" for each in value)


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 200 else f"{text[:200]} …"
