"""`pause`, `drain`, `resume`: leave an instrument alone for a while, from either side; take nothing new from it."""

import difflib
import getpass
import re
import time
from collections.abc import Collection
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console
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
    app.command()(drain)
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
    wanted = Pause(by=line(by or user()), reason=line(reason), since_ns=time.time_ns())
    if instrument:
        repository = Client.of(settings, "job_repository")
        known = _known(repository)
        _say(_ask(repository, instrument, paused=True, by=wanted.by, reason=wanted.reason))
        _warn(instrument, known)
        return
    _set_here(settings, wanted)


def resume(by: By = "", instrument: Instrument = "", config: Config = None) -> None:
    """Go on after a `pause` from the same place, or after a `drain`."""
    settings = load_settings(config)
    if instrument:
        repository, who = Client.of(settings, "job_repository"), line(by or user())
        repository.put(_path(instrument, "drain"), {"draining": False, "by": who})
        _say(_ask(repository, instrument, paused=False, by=who, reason=""))
        return
    _set_here(settings, None)


def drain(
    instrument: Annotated[str, typer.Option("--instrument", help="From this instrument nothing new is taken.")],
    reason: Annotated[str, typer.Option(help="Why; shown wherever somebody waits.")] = "",
    by: By = "",
    config: Config = None,
) -> None:
    """Finish what has come from an instrument and take nothing new, until `resume --instrument`.

    New files are noticed and wait on the instrument's side. `labrelay status` says when all is finished.
    """
    repository = Client.of(load_settings(config), "job_repository")
    known = _known(repository)
    body = {"draining": True, "by": line(by or user()), "reason": line(reason)}
    told = Pause.model_validate(repository.put(_path(instrument, "drain"), body))
    out.print(f"{escape(instrument)} is drained by {escape(told.text)}: {known.get(instrument, 0)} on their way")
    _warn(instrument, known)


def _known(repository: Client) -> dict[str, int]:
    """Instruments from which something has come, with how much of it is on its way."""
    told = repository.get("/api/v2/summary")["instruments"]
    return {each["instrument"]: int(each["live"]) for each in told if each["last_ns"]}


def _warn(instrument: str, known: Collection[str]) -> None:
    """A name that nobody knows is more often a slip than a new instrument."""
    if instrument in known:
        return
    near = difflib.get_close_matches(instrument, known, 1)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}." if known else "there are none yet."
    words = f"nothing has ever come from an instrument {instrument}; {meant}"
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[yellow]look[/] {escape(words)}")


def _ask(repository: Client, instrument: str, *, paused: bool, by: str, reason: str) -> Pauses:
    return Pauses.model_validate(
        repository.put(_path(instrument, "pause"), {"paused": paused, "by": by, "reason": reason})
    )


def _path(instrument: str, what: str) -> str:
    return f"/api/v2/instruments/{quote(instrument, safe='')}/{what}"


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


def line(text: str) -> str:
    """One line, as long as a pause may say."""
    return " ".join(_CONTROL.sub(" ", text).split())[:LONGEST]


def user() -> str:
    """Who calls this command, by this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "local"
