"""Makes `docs/errors.md` from the error classes themselves: `python tools/error_page.py > docs/errors.md`."""

import importlib
import pkgutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from labrelay.errors import LabrelayError, error_tree  # noqa: E402

PACKAGES = (
    "labrelay",
    "file_watcher",
    "data_organizer",
    "task_launcher",
    "file_sender",
    "file_receiver",
    "job_repository",
    "pipelines",
    "dashboard",
)
HEAD = """# Error codes

Made from the code by `make docs`. Every problem document, failed job and report carries one of these codes, with the
cause of the case at hand. *Retry* says whether the same thing can succeed later without a change.

| code | what it means | next step | retry | HTTP |
|---|---|---|---|---|
"""


def load_everything() -> None:
    """Import every module that may define an error (entry points apart)."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith((".__main__", ".service")) and ".migrations" not in module.name:
                _load(module.name)


def _load(module: str) -> None:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in {"torch", "nncf"}:  # training is an extra; its errors stand in modules that need neither
            raise


def page() -> str:
    """The page's text."""
    load_everything()
    return HEAD + "".join(_row(kind) for _, kind in sorted(error_tree().items()))


def _row(kind: type[LabrelayError]) -> str:
    meaning = (kind.__doc__ or "").splitlines()[0]
    retry = "yes" if kind.retryable else "no"
    return f"| `{kind.code}` | {meaning} | {kind.default_next_step} | {retry} | {kind.status} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
