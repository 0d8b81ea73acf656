"""What `labrelay model` does: finds packages by name or folder, and shows, checks, encrypts and describes them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pipelines
from labrelay.contracts.models import ModelCheck, ModelEntry
from labrelay.errors import InputProblem, LabrelayError, NotFound
from labrelay.settings import Settings
from pipelines.segmentation.package import DESCRIPTION_FILE, load_package, read_description
from pipelines.segmentation.packages.card import card
from pipelines.segmentation.packages.keys import key_from_environment, read_key, write_new_key
from pipelines.segmentation.packages.places import CARD_FILE
from pipelines.segmentation.packages.sealed import encrypt_package, require_new
from pipelines.segmentation.packages.verify import verified

SHIPPED: Final = "shipped"


def listed(settings: Settings) -> list[ModelEntry]:
    """Every package that ships, that the settings name, or that lies in the data folder."""
    return [_entry(folder, origin) for folder, origin in _folders(settings).items()]


def found(settings: Settings, model: str) -> Path:
    """The folder of a package, by its folder, its key, or its name where no other one has that.

    Raises:
        NotFound: There is none, or several have that name.
    """
    if (Path(model) / DESCRIPTION_FILE).is_file():
        return Path(model)
    return Path(called(listed(settings), model).folder)


def called(entries: list[ModelEntry], model: str) -> ModelEntry:
    """The package with this key, else the one with this name.

    Raises:
        NotFound: There is none, or several have that name.
    """
    chosen = [entry for entry in entries if entry.key == model] or [entry for entry in entries if entry.name == model]
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        raise NotFound(f"Several models are called {model}.", next_step=f"Name one's folder: {_joined(chosen)}.")
    known = ", ".join(sorted({entry.key for entry in entries}))
    step = f"Name a folder with a {DESCRIPTION_FILE}, or one of {known}."
    raise NotFound(f"There is no model {model}.", next_step=step)


def entry(folder: Path) -> ModelEntry:
    """One package, in short."""
    return _entry(folder, "")


def checks(folder: Path) -> list[ModelCheck]:
    """All checks of a package."""
    return verified(folder)


def shown_card(folder: Path) -> str:
    """The card that lies in the folder; without one, what model.toml tells.

    Raises:
        ModelPackageInvalid: The package is incomplete, changed or wrong.
    """
    path = folder / CARD_FILE
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else card(load_package(folder))


def made_card(folder: Path, evaluations: Mapping[str, Path], precisions: Mapping[str, Path]) -> str:
    """A new card from model.toml and files of evaluations, by part and by precision.

    Raises:
        ModelPackageInvalid: The package is incomplete, changed or wrong, or an evaluation is of another one.
        InputProblem: An evaluation can't be read.
    """
    parts, kinds = ({name: _evaluation(path) for name, path in files.items()} for files in (evaluations, precisions))
    return card(load_package(folder), parts, kinds)


def write_card(folder: Path, text: str) -> Path:
    """Put a card into its package.

    Raises:
        InputProblem: The folder can't be written.
    """
    path = folder / CARD_FILE
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


def encrypted(folder: Path, out: Path, key_file: Path | None, new_key: Path | None) -> ModelEntry:
    """Write an encrypted copy, with the key in a file, a new one, or the one from the environment.

    Raises:
        ModelPackageInvalid: The package is incomplete, changed or encrypted already.
        ModelKeyMissing: There is no key.
        ModelKeyWrong: It is none.
        Conflict: The folder or the new key's file is there already.
        InputProblem: The folder can't be written.
    """
    load_package(folder)  # before a key is made for nothing
    require_new(out)
    if new_key is not None:
        key = write_new_key(new_key)
    else:
        key = read_key(key_file) if key_file is not None else key_from_environment()
    try:
        encrypt_package(folder, out, key)
    except OSError as error:
        raise _unwritable(out, error) from error
    return entry(out)


def _unwritable(path: Path, error: OSError) -> InputProblem:
    step = "Choose a folder that you may write, on a disk with room."
    return InputProblem(f"{path} can't be written: {error.strerror or error}.", next_step=step)


def _folders(settings: Settings) -> dict[Path, str]:
    """The packages' folders in the order of their origins, each once."""
    shipped = Path(pipelines.__file__).parent.glob(f"*/model*/{DESCRIPTION_FILE}")
    places: dict[Path, str] = dict.fromkeys((path.parent for path in sorted(shipped)), SHIPPED)
    own = [(model.folder, "settings") for model in settings.pipelines.models.values()]
    data = sorted(settings.gateway_layout.models.glob(f"*/{DESCRIPTION_FILE}"))
    known = {folder.resolve() for folder in places}
    for folder, origin in (*own, *((path.parent, "data folder") for path in data)):
        if folder.resolve() not in known:  # one folder may be named in several ways
            places[folder] = origin
            known.add(folder.resolve())
    return places


def _entry(folder: Path, origin: str) -> ModelEntry:
    try:
        told, digest = read_description(folder)
        load_package(folder)
    except LabrelayError as error:
        return ModelEntry(folder=str(folder), origin=origin, key=folder.name, name=folder.name, problem=error.cause)
    return ModelEntry(
        folder=str(folder),
        origin=origin,
        key=told.name if origin == SHIPPED else folder.name,
        name=told.name,
        version=told.version,
        precision=told.precision or "",
        classes=told.classes.names,
        description=told.description,
        digest=digest,
        key_id=told.encryption.key_id if told.encryption else "",
        card=(folder / CARD_FILE).is_file(),
    )


def _joined(entries: list[ModelEntry]) -> str:
    return ", ".join(entry.folder for entry in entries)


def _evaluation(path: Path) -> dict[str, Any]:
    step = "Name a file that `labrelay model evaluate --json FILE` wrote."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputProblem(f"{path} can't be read: {error}.", next_step=step) from error
    if not isinstance(content, dict) or not {"ious", "summary"} <= content.keys():
        raise InputProblem(f"{path} is no evaluation.", next_step=step)
    return content
