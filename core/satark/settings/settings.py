"""Settings of `satark.toml` (path in `SATARK_CONFIG`). The environment can override each (`SATARK_…`, nested: `__`)."""

import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, cached_property
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from stat import S_ISDIR
from typing import Any, Final, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError, create_model
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings.exceptions import SettingsError as UnreadableValue

from satark.api.egress import proxy_url, use_proxy
from satark.api.settings import SettingProblem, SettingsError
from satark.settings.core import Core, EvidenceSettings, HttpSettings
from satark_files.extra_packages import MissingPackage
from satark_files.file_store import FileStore, StorageDown
from satark_files.limits import Limits
from satark_files.open_store import open_store
from satark_words.languages import LanguageError, use_folder

M = TypeVar("M", bound=BaseModel)
_EMPTY: Final = "is empty, so that anybody could sign with it"
_RUNTIME: Final = Path("/run/satark")
_SHARED: Final = Path("/dev/shm")  # noqa: S108 - a folder of ours within it, whose owner is checked


class Settings:
    """The configuration as a whole: `core`, and a validated section for each plugin that asks."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        demand: bool = False,
        stand_ins: Mapping[str, Mapping[str, Any]] | None = None,
        **core: Any,
    ) -> None:
        """Read the file and the environment. `core` overrides both.

        `demand`: whether a section without any value counts as wrong, so that `satark check` can say what it needs.
        `stand_ins`: whole sections by name. A stand-in is used if nothing of its section is set.

        Raises:
            SettingsError: a setting is wrong. The message names every wrong setting.
        """
        self.path = path or _path_from_environment()
        self._demand = demand
        self._stand_ins = dict(stand_ins or {})
        self._asked: dict[str, type[BaseModel]] = {"evidence": EvidenceSettings, "http": HttpSettings}
        _check_file(self.path)
        loaded = self._load("", Core)
        self.core = loaded.model_copy(update=core)
        use_proxy(self.core.proxy_url.get_secret_value())
        try:
            use_folder(self.core.languages_folder)
        except LanguageError as error:
            raise SettingsError([SettingProblem.of("languages_folder", str(error))]) from None

    def section(self, name: str, model: type[M]) -> M | None:
        self._asked[name] = model
        found: M | None = getattr(self._load(name, _holding(name, model)), name)
        if empty := [{"loc": (name, one), "type": "empty", "msg": _EMPTY} for one in _empty_secrets(found)]:
            raise SettingsError([_problem(error, name, _holding(name, model)) for error in empty])
        if found is None and name in self._stand_ins:
            return model.model_validate(self._stand_ins[name])
        return self._demanded(name, model) if found is None and self._demand else found

    def is_set(self, name: str) -> bool:
        """Whether the file or the environment sets any value of a section, even a wrong one."""
        return getattr(self._load(name, _holding(name, dict[str, Any])), name) is not None

    @property
    def known(self) -> frozenset[str]:
        """The environment variables of the core's settings, and of the sections that were read so far."""
        sections = {f"{name}__{field}" for name, model in self._asked.items() for field in model.model_fields}
        return frozenset(f"SATARK_{name.upper()}" for name in Core.model_fields.keys() | sections)

    @property
    def evidence_limits(self) -> Limits:
        return self.core.evidence.limits()

    @property
    def database_url(self) -> str:
        return self.core.database_url or f"sqlite:///{self.core.data_dir / 'satark.db'}"

    @property
    def keys_url(self) -> str:
        return self.core.keys_url or f"sqlite:///{self.core.data_dir / 'keys.db'}"

    @property
    def edge_key_file(self) -> Path:
        return self.core.edge_key_file or self.core.data_dir / "edge.key"

    @property
    def epoch_key_file(self) -> Path:
        """The epoch keys' file, by default in memory. In a folder, each data folder has a file of its own.

        Raises:
            SettingsError: somebody else took the folder in memory.
        """
        named = self.core.epoch_key_file
        if named is not None and not named.is_dir():
            return named
        folder = named or memory_folder() or self.core.data_dir
        return folder / f"{sha256(bytes(self.core.data_dir.resolve())).hexdigest()[:16]}.epochs"

    @property
    def name_key_file(self) -> Path:
        return self.core.name_key_file or self.core.data_dir / "name.key"

    @property
    def link_key_file(self) -> Path:
        return self.core.link_key_file or self.core.data_dir / "link.key"

    @cached_property
    def files(self) -> FileStore:
        try:
            return open_store(self.core.storage_url, self.core.data_dir, proxy_url())
        except (MissingPackage, StorageDown, ValueError) as error:
            raise SettingsError([SettingProblem.of("storage_url", str(error))]) from None

    @property
    def evidence(self) -> FileStore:
        """The sealed files of tips in the store of files."""
        return self.files.below("evidence")

    @property
    def erased_list_file(self) -> Path:
        """The file of erased tips' tags."""
        return self.core.erased_list_file or self.core.data_dir / "erased.list"

    @property
    def spool_dir(self) -> Path:
        """The folder of batches that are spooled while the database is down."""
        return self.core.data_dir / "spool"

    def _demanded(self, name: str, model: type[M]) -> M:
        try:
            return model.model_validate({})
        except ValidationError as error:
            problems = [{**e, "loc": (name, *e["loc"])} for e in error.errors()]
            raise SettingsError([_problem(e, name, _holding(name, model)) for e in problems]) from None

    def _load(self, section: str, model: type[M]) -> M:
        try:
            found: M = _source(model, self.path)()
        except ValidationError as error:
            raise SettingsError([_problem(e, section, model) for e in error.errors()]) from None
        except UnreadableValue as error:
            raise SettingsError([_no_json(error)]) from None
        return found


def memory_folder() -> Path | None:
    """Return the epoch keys' folder in this machine's memory. Files there outlive processes but no power cut.

    It is `/run/satark`, which the units of `satark deploy` keep, or else one in `/dev/shm`. None: neither exists.

    Raises:
        SettingsError: somebody else took the folder.
    """
    if os.access(_RUNTIME, os.W_OK):
        return _RUNTIME
    if not _SHARED.is_dir():
        return None
    folder = _SHARED / f"satark-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        message, hint = f"{folder} is somebody else's, or others can write there", "name a file or folder in memory"
        raise SettingsError([SettingProblem.of("epoch_key_file", message, hint)])
    return folder


def _empty_secrets(section: BaseModel | None) -> list[str]:
    """Return the names of secrets that are blank, or required and empty: with an empty secret anybody could sign."""
    fields = type(section).model_fields if section is not None else {}
    values = ((name, getattr(section, name), field.is_required()) for name, field in fields.items())
    secrets = [(name, one.get_secret_value(), needed) for name, one, needed in values if isinstance(one, SecretStr)]
    return [name for name, secret, needed in secrets if not secret.strip() and (secret or needed)]


class _Source(BaseSettings):
    @classmethod
    def settings_customise_sources(  # type: ignore[override] # it is called with all sources by name
        cls, settings_cls: type[BaseSettings], **sources: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return sources["env_settings"], TomlConfigSettingsSource(settings_cls)


@cache
def _source(model: type[BaseModel], path: Path | None) -> Any:
    """Make the class whose instances read the file and the environment. Making it takes longer than reading."""
    return type("Source", (_Source, model), {"model_config": _config(path)})


@cache
def _holding(name: str, model: Any) -> type[BaseModel]:
    """Make a model of the configuration that reads only this section."""
    fields: dict[str, Any] = {name: (model | None, None)}
    return create_model("Section", **fields)


def _config(path: Path | None) -> SettingsConfigDict:
    return SettingsConfigDict(
        env_prefix="SATARK_", env_nested_delimiter="__", toml_file=path, extra="ignore", env_ignore_empty=True
    )


def _path_from_environment() -> Path | None:
    named = os.environ.get("SATARK_CONFIG")
    if named:
        return Path(named)
    return Path("satark.toml") if Path("satark.toml").exists() else None


def _check_file(path: Path | None) -> None:
    if path is None:
        return
    try:
        tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        message = f"{path} can't be read: {error}"
        raise SettingsError([SettingProblem.of("config", message)]) from None


def _problem(error: Any, section: str, model: type[BaseModel]) -> SettingProblem:
    location = [str(part) for part in error["loc"]]
    setting = ".".join(location)
    # A list is one JSON text in the environment.
    named = list(takewhile(lambda part: isinstance(part, str), error["loc"]))
    env = "SATARK_" + "__".join(str(part).upper() for part in named)
    message = "is missing" if error["type"] == "missing" else error["msg"].removeprefix("Value error, ")
    return SettingProblem(setting, env, message, _hint(location, section, model))


def _no_json(error: UnreadableValue) -> SettingProblem:
    """Name the variable whose value is not JSON, without the value: it may be a secret."""
    field = str(error).partition('"')[2].partition('"')[0]
    text = getattr(error.__cause__, "doc", None)
    prefix = f"SATARK_{field}".upper()
    given = sorted(name for name, value in os.environ.items() if name.upper().startswith(prefix) and value == text)
    env = given[0].upper() if given else prefix
    setting = env.removeprefix("SATARK_").replace("__", ".").lower()
    hint = """write a list as '["one", "two"]' and a table as '{"name": "value"}', or set it in satark.toml"""
    return SettingProblem(setting, env, "must be JSON in the environment", hint)


def _hint(location: list[str], section: str, model: type[BaseModel]) -> str:
    if section:
        model = model.model_fields[section].annotation.__args__[0]  # type: ignore[union-attr]
        location = location[1:]
    field = model.model_fields.get(location[0]) if location else None
    if field is None:
        return ""
    return " ".join((field.description or "").split())
