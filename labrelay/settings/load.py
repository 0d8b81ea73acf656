"""Reading settings: TOML, environment over it, and errors that name file, key and a way out."""

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from labrelay.errors import SettingsInvalid
from labrelay.settings.model import Settings

ENV_FILE = "LABRELAY_CONFIG"
DEFAULT_FILE = Path("labrelay.toml")


def load_settings(file: Path | None = None) -> Settings:
    """Settings from `file`, else from `$LABRELAY_CONFIG`, else from ./labrelay.toml if it is there, else defaults.

    Raises:
        SettingsInvalid: the file can't be read, or a key is unknown or of the wrong kind.
    """
    chosen = file or (Path(os.environ[ENV_FILE]) if ENV_FILE in os.environ else None)
    if chosen is not None and not chosen.is_file():
        raise SettingsInvalid(f"The settings file {chosen} is not there.", next_step="Give the path of a TOML file.")
    path = chosen or DEFAULT_FILE
    try:
        if path.suffix == ".json":  # how a supervisor hands its settings to its children: nothing goes over them
            return Settings.model_validate_json(path.read_text(encoding="utf-8"))
        merged = _merged_source(path)()
        return Settings.model_validate(merged.model_dump(exclude_unset=True))
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(f"{path} is not TOML: {error}.") from error
    except ValidationError as error:
        raise SettingsInvalid(_explain(error, path)) from error


def _merged_source(path: Path) -> type[BaseSettings]:
    class Source(Settings, BaseSettings):
        model_config = SettingsConfigDict(
            env_prefix="LABRELAY_",
            env_nested_delimiter="__",
            toml_file=path,
            extra="forbid",
            frozen=True,
        )

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, TomlConfigSettingsSource(settings_cls)

    return Source


def _explain(error: ValidationError, path: Path) -> str:
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        file = str(path) if path.is_file() else "settings (environment)"
        where = f"{file}, key `{key}`" if key else file
        lines.append(f"{where}: {_plain(problem, error)}")
    return " ".join(lines)


def _plain(problem: Mapping[str, Any], error: ValidationError) -> str:
    if problem["type"] == "value_error":  # a rule over several keys; its text says all, the input may hold secrets
        return f"{problem['ctx']['error']}."
    if problem["type"] != "extra_forbidden":
        return f"{problem['msg']} (it is {problem['input']!r})."
    *parents, name = problem["loc"]
    near = get_close_matches(str(name), _keys_at(parents), n=1)
    return "there is no such setting." + (f" Did you mean `{near[0]}`?" if near else "")


def _keys_at(parents: list[Any]) -> list[str]:
    model: Any = Settings
    for part in parents:
        if not isinstance(part, str) or not (isinstance(model, type) and issubclass(model, BaseModel)):
            continue
        annotation = model.model_fields[part].annotation
        arguments = getattr(annotation, "__args__", ())
        model = next((each for each in (annotation, *arguments) if isinstance(each, type)), annotation)
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []
