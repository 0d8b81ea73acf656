"""Pipelines that tasks send files to while nobody serves them: their jobs would only wait."""

from labrelay.errors import LabrelayError
from labrelay.http.client import Client
from labrelay.settings import Settings
from labrelay.settings.pipelines import SHIPPED
from labrelay.words import Told


def unserved(launcher: Client) -> list[str]:
    """Their topics; only of native pipelines, as those written for AiCSD don't say whether they are there.

    Raises:
        LabrelayError: the launcher doesn't answer.
    """
    rows = launcher.get("/api/v2/pipelines", read_s=5)
    return [row["topic"] for row in rows if row["carrier"] == "streams" and row["alive"] is False]


def way_out(topic: str, settings: Settings) -> str:
    """How a pipeline comes to be served."""
    if topic in settings.pipelines.served:
        return Told("Give it a moment to start, else look into {log}.", log=settings.data / "run" / f"{topic}.log")
    if topic in SHIPPED:
        run = ", ".join(f'"{name}"' for name in (*settings.pipelines.run, topic))
        return Told(
            "Write `run = [{run}]` into [pipelines] of the gateway's labrelay.toml and start it again.", run=run
        )
    return Told(
        "Start its process, or name the folder of its model in [pipelines.models.{topic}] of the gateway's "
        "labrelay.toml and start it again; `labrelay model list` shows the models, `labrelay task list` the topics.",
        topic=topic,
    )


def warning(topic: str, launcher: Client, settings: Settings) -> str:
    """A word to whoever sends files to a pipeline that isn't there; empty where it is, or where nobody knows."""
    try:
        absent = topic in unserved(launcher)
    except LabrelayError:
        return ""
    return f"Nobody serves {topic} now, so its files will wait. {way_out(topic, settings)}" if absent else ""
