"""`pause`, `resume`: leave the instrument's machine alone for a while, from either side."""

import getpass
import re
import time
from typing import Annotated
from urllib.parse import quote

import typer
from rich.markup import escape

from labrelay.cli.jobs import out
from labrelay.cli.serve import Config
from labrelay.contracts.pauses import Pause, Pauses
from labrelay.errors import SettingsInvalid
from labrelay.http.client import Client
from labrelay.pause import PauseFiles
from labrelay.settings import Settings, load_settings

Instrument = Annotated[
    str, typer.Option("--instrument", help="From the gateway: this instrument (else the side that runs here).")
]
By = Annotated[str, typer.Option(help="Who asks; else the user of this machine.")]
LONGEST = 500
_CONTROL = re.compile(r"[\x00-\x1f]")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(pause)
    app.command()(resume)


def pause(
    reason: Annotated[str, typer.Option(help="Why; shown wherever somebody waits.")] = "",
    by: By = "",
    instrument: Instrument = "",
    config: Config = None,
) -> None:
    """Read and write no file contents on the instrument's machine until `resume`; nothing is lost.

    Works while nothing runs, too, and lasts over restarts.
    """
    settings = load_settings(config)
    wanted = Pause(by=_line(by or _user()), reason=_line(reason), since_ns=time.time_ns())
    if instrument:
        _say(_ask(settings, instrument, paused=True, by=wanted.by, reason=wanted.reason))
        return
    _set_here(settings, wanted)


def resume(by: By = "", instrument: Instrument = "", config: Config = None) -> None:
    """Go on after a `pause` from the same place."""
    settings = load_settings(config)
    if instrument:
        _say(_ask(settings, instrument, paused=False, by=_line(by or _user()), reason=""))
        return
    _set_here(settings, None)


def _ask(settings: Settings, instrument: str, *, paused: bool, by: str, reason: str) -> Pauses:
    repository = Client(settings.service_url("job_repository"))
    body = {"paused": paused, "by": by, "reason": reason}
    return Pauses.model_validate(repository.put(f"/api/v2/instruments/{quote(instrument, safe='')}/pause", body))


def _set_here(settings: Settings, wanted: Pause | None) -> None:
    if not settings.oem_layout.root.exists():  # e.g. another working folder: a pause there would pause nothing
        raise SettingsInvalid(
            f"No instrument's side has run on this machine (below {settings.data.resolve()}).",
            next_step="Name the settings that it runs with (`--config FILE`), or on the gateway the instrument: "
            "`labrelay pause --instrument NAME`.",
        )
    files = PauseFiles(settings.oem_layout)
    try:
        files.set_here(wanted)
    except OSError as error:
        raise SettingsInvalid(
            f"The pause can't be written down: {error}.", next_step="Call this as the user that labrelay runs as."
        ) from error
    _say(files.read())


def _say(pauses: Pauses) -> None:
    out.print(escape(pauses.text) if pauses.active else "[green]not paused[/]")


def _line(text: str) -> str:
    """One line, as long as a pause may say."""
    return " ".join(_CONTROL.sub(" ", text).split())[:LONGEST]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "local"
