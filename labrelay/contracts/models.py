"""What `labrelay model` tells of model packages."""

from labrelay.contracts.base import Contract


class ModelEntry(Contract):
    """A model package that was found.

    Attributes:
        folder: where it lies.
        origin: `shipped`, `settings` or `data folder`.
        key: what it is asked for by here: of a shipped one its name, of others the folder's, as an upload called it.
        name: as its model.toml says; of one that can't be read its folder's name.
        digest: SHA-256 of model.toml, which stands for the whole model.
        key_id: of the key that it is encrypted with; empty for a plain one.
        card: whether there is a MODEL_CARD.md.
        problem: why it can't be used; empty for a good one.
    """

    folder: str
    origin: str
    key: str
    name: str
    version: str = ""
    precision: str = ""
    classes: tuple[str, ...] = ()
    description: str = ""
    digest: str = ""
    key_id: str = ""
    card: bool = False
    problem: str = ""


class ModelCheck(Contract):
    """One look at a model package.

    Attributes:
        check: what was looked at.
        well: None when it wasn't looked at because of what came before.
        detail: what was found, or what is wrong.
        next_step: what to do about it.
    """

    check: str
    well: bool | None
    detail: str = ""
    next_step: str = ""
