"""Settings: `satark.toml` (path in `SATARK_CONFIG`), each overridable by environment (`SATARK_…`, nested with `__`)."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, Field, StringConstraints, ValidationError, create_model, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from satark.destination import DESK_SINK, ConfiguredDestination
from satark.destination_rule import DestinationRule
from satark.languages import OFFERED, LanguageError, use_folder
from satark.limits import Limits

__all__ = [
    "PUBLIC_METRICS",
    "Core",
    "EvidenceSettings",
    "HttpSettings",
    "Role",
    "SettingProblem",
    "Settings",
    "SettingsError",
    "provider_url",
]

PUBLIC_METRICS: Final = "public"
"""Value of `metrics_listen` that has the metrics on the service's own port."""
_LAST_PORT: Final = 65_535
_USUAL: Final = Limits()


M = TypeVar("M", bound=BaseModel)

Role = Literal["web", "worker", "desk"]


class SettingProblem(msgspec.Struct, frozen=True):
    """One thing that is wrong with the configuration, and what to do about it."""

    setting: str
    env: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f"\n    {self.hint}" if self.hint else ""
        return f"{self.setting} ({self.env}): {self.message}{hint}"


class SettingsError(Exception):
    """The configuration is wrong; `problems` names every setting at fault."""

    def __init__(self, problems: list[SettingProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def provider_url(url: str) -> str:
    """Check a provider's base URL, since secrets go there; for a section's `field_validator`.

    Raises:
        ValueError: it is neither https nor plain http to a peer on this machine.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return url.rstrip("/")
    raise ValueError("must begin with https:// (plain http only for a peer on this machine)")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class EvidenceSettings(BaseModel):
    """What one file and one tip may be, and what cleaning a file may cost."""

    file_bytes: int = Field(
        default=_USUAL.file_bytes,
        gt=0,
        le=2_000_000_000,
        description="bytes of one file; a larger one is refused while it streams in",
    )
    tip_files: int = Field(default=_USUAL.tip_files, gt=0, description="files of one tip")
    tip_bytes: int = Field(default=_USUAL.tip_bytes, gt=0, description="bytes of all files of one tip")
    pixels: int = Field(
        default=_USUAL.pixels, gt=0, description="pixels of one picture, all its frames or pages together"
    )
    pages: int = Field(default=_USUAL.pages, gt=0, description="pages of one document")
    seconds: int = Field(default=_USUAL.seconds, gt=0, description="seconds that a recording may play")
    expansion: int = Field(
        default=_USUAL.expansion, gt=0, description="bytes that one byte of a file may unpack to, past 16 MB"
    )
    cpu_seconds: int = Field(
        default=_USUAL.cpu_seconds, gt=0, description="seconds of processor time for cleaning one file"
    )
    wall_seconds: float = Field(
        default=_USUAL.wall_seconds, gt=0, description="seconds by the clock for cleaning one file"
    )
    memory_bytes: int = Field(
        default=_USUAL.memory_bytes,
        ge=500_000_000,
        description="bytes of address space for each process that cleans, its code included",
    )

    allow_weak_isolation: bool = Field(
        default=False,
        description="clean files even where the system forbids a part of the isolation of what opens them; "
        "`satark check` says what is missing",
    )

    def limits(self) -> Limits:
        """Give them as the pipeline takes them."""
        return Limits(**self.model_dump(exclude={"allow_weak_isolation"}))


class HttpSettings(BaseModel):
    """How long the HTTP server waits for a slow client, and how much it holds of one."""

    connections: int = Field(
        default=800,
        ge=8,
        description="most connections of one process; above it, the one that waits longest for its client is closed",
    )
    header_seconds: float = Field(
        default=15, gt=0, description="seconds from the first byte, or the connection, until the headers are complete"
    )
    header_bytes: int = Field(default=32_768, ge=4_096, description="most bytes of a request's headers")
    stall_seconds: float = Field(
        default=30, gt=0, description="seconds in which a body, or the response to it, must move by stall_bytes"
    )
    stall_bytes: int = Field(
        default=1_024, ge=1, description="bytes that must move in stall_seconds, or the connection is closed"
    )
    unverified_bytes: int = Field(
        default=32_000_000,
        ge=100_000,
        description="most bytes of webhooks that are held before their signature is checked, all together; "
        "above it, the one that has been coming longest is refused",
    )


class RetentionSettings(BaseModel):
    """For how many days a tip is kept after an office last set its status, and what becomes of it then."""

    unfinished_days: int = Field(
        default=1095, ge=30, description="days that a tip is kept which no office has finished, since its last status"
    )
    acted_days: int = Field(default=1825, ge=1, description="days that a tip is kept after an office acted on it")
    unconfirmed_days: int = Field(
        default=180, ge=1, description="days that a tip is kept after an office could not confirm it"
    )
    merged_days: int = Field(default=30, ge=1, description="days that a tip is kept after it was joined to another")
    transferred_days: int = Field(
        default=365, ge=1, description="days that a tip is kept after it was handed over to another authority"
    )
    closed_days: int = Field(default=365, ge=1, description="days that a tip is kept after it was closed")
    category_days: dict[str, int] = Field(
        default={"TRAFF": 1825, "HEIN": 1825},
        description="category → days that its finished tips are kept at least, whatever their status",
    )
    receipt_days: int = Field(
        default=180,
        ge=0,
        description="days that the receipt of an erased tip still answers that it was erased; then its code is unknown",
    )
    automatic: bool = Field(
        default=True,
        description="whether due tips are erased by the scheduled job; no: two officers must order each erasure",
    )


class Core(BaseModel):
    """The core's own settings. A plugin's settings are a section of the plugin's name."""

    plugins: tuple[str, ...] = Field(
        default=("whatsapp", "telegram", "sms_ivr", "web_form", "desk", "email", "police_system", "rabbitmq"),
        description="names of the plugins to load; no other is imported",
    )
    data_dir: Path = Field(
        default=Path("data"),
        description="folder of the embedded databases and the sealed evidence",
    )
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL of the main database; empty: SQLite in data_dir",
        json_schema_extra={"where": "sqlite:///path or postgresql://user:password@host/name"},
    )
    keys_url: str = Field(
        default="",
        description="SQLAlchemy URL of the key store, backed up apart; empty: SQLite in data_dir",
        json_schema_extra={"where": "a database of its own when several machines serve"},
    )
    edge_key_file: Path | None = Field(
        default=None,
        description="file with the 32-byte edge key, mode 0600; empty: data_dir/edge.key, made at first start",
        json_schema_extra={"where": "make one with: head -c 32 /dev/urandom > FILE && chmod 600 FILE"},
    )
    edge_key_command: tuple[str, ...] = Field(
        default=(),
        description="a program with its arguments that prints the edge key, such as a secret manager's; it goes before "
        "edge_key_file, and that before systemd's credential `edge.key`",
        json_schema_extra={"where": "32 bytes, or the same in hexadecimal or base64; docs/operations.md, The edge key"},
    )
    edge_key_command_seconds: float = Field(default=30, gt=0, description="seconds that this program may take")
    epoch_key_file: Path | None = Field(
        default=None,
        description="file with the epoch keys, mode 0600; empty: data_dir/epoch.keys, made at first start; the same "
        "for every process that serves this database, on a disk that overwrites in place, and in no backup",
        json_schema_extra={"where": "docs/operations.md, Epoch keys"},
    )
    epoch_minutes: float = Field(
        default=60,
        gt=0,
        le=1440,
        description="minutes of an epoch: its key is destroyed at most a minute after it, and with it whatever is left "
        "of drafts and addresses that were given up until then",
    )
    name_key_file: Path | None = Field(
        default=None,
        description="file with the name key, mode 0600; empty: data_dir/name.key, made at first start; the same for "
        "every process that opens these databases, in backups, but not together with the databases",
        json_schema_extra={"where": "docs/operations.md, Name key"},
    )
    link_key_file: Path | None = Field(
        default=None,
        description="file with this machine's key towards offices of their own (or, in an office, towards the host), "
        "mode 0600; empty: data_dir/link.key, made when it is first needed; the same on every machine of the host",
    )
    public_url: str = Field(
        default="",
        description="the address under which citizens and providers reach this service",
        json_schema_extra={"where": "the https:// address of your reverse proxy"},
    )
    voice_clips: Path | None = Field(
        default=None,
        description="folder of the clips that prompts in WhatsApp and Telegram are read out with, to those who send "
        "voice notes; empty: nothing is read out there",
        json_schema_extra={"where": "`satark voice render FOLDER` fills it; docs/voice-notes.md"},
    )
    flow: Path | None = Field(
        default=None,
        description="a flow file in place of the default questionnaire; its words in `texts/<language>.po` beside it",
    )
    languages: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Za-z]{2,8})?$")], ...] = Field(
        default=OFFERED,
        min_length=1,
        description="the languages that citizens are offered, in this order; `ur` (Urdu) and `bho` (Bhojpuri) come "
        "with Satark too, machine-made and not yet read by a native: have one read every text before you offer them",
    )
    languages_folder: Path | None = Field(
        default=None,
        description="folder of this installation's own languages, a folder each; empty: those that come with Satark",
        json_schema_extra={"where": "docs/plugins.md, A language"},
    )
    geography: Path | None = Field(
        default=None,
        description="a file, or a folder of files, with districts, stations and outposts; empty: the sample",
        json_schema_extra={"where": "docs/geography.md"},
    )
    session_hours: float = Field(default=12, gt=0, le=24, description="hours without a message until a draft is erased")
    unsent_question_hours: float = Field(
        default=2,
        ge=0,
        le=24,
        description="hours before its end at which a complete draft that was not sent is asked about, once and in "
        "words that betray nothing, if its tipster allowed it; at most half of session_hours; 0: never",
    )
    lapsed_hours: float = Field(
        default=72,
        ge=0,
        le=720,
        description="hours for which it is remembered that a sender's draft was erased unsent, so that their next "
        "conversation tells it; nothing of the draft is kept; 0: not at all",
    )
    reach_minutes: float = Field(
        default=30,
        gt=0,
        le=1440,
        description="minutes after the receipt in which the tipster may still say that they may be reached",
    )
    handoff_code_minutes: float = Field(
        default=15, ge=1, le=60, description="minutes in which a code takes a draft to another channel, once"
    )
    file_notice_seconds: float = Field(
        default=20,
        ge=0,
        le=3600,
        description="seconds after which a tipster is told of files that could not be cleaned, if they said nothing "
        "meanwhile: one message tells of all",
    )
    seen_days: float = Field(default=30, ge=8, description="days that a keyed hash of each ingested event is stored")
    handle_days: float = Field(
        default=30, gt=0, description="days that the reply handle of somebody who may be reached is stored"
    )
    batch: int = Field(default=256, ge=1, description="most turns that share one database transaction")
    settle_seconds: float = Field(
        default=1.5, ge=0, description="seconds to wait for more files before answering an album"
    )
    send_attempts: int = Field(default=12, ge=1, description="attempts to send a reply before it is dead-lettered")
    delivery_attempts: int = Field(default=60, ge=1, description="attempts to deliver a tip before it is dead-lettered")
    destination: tuple[DestinationRule, ...] = Field(
        default=(), description="where tips go beyond the desks: see [[destination]] below and docs/operations.md"
    )
    destination_wait_minutes: float = Field(
        default=10,
        ge=0,
        le=1440,
        description="minutes that a tip for a destination waits for files that are still being fetched; "
        "later files follow as a new revision",
    )
    alarm_to: tuple[ConfiguredDestination, ...] = Field(
        default=(),
        description="destinations that get an alarm, without content, when a delivery or a destination fails for good",
        json_schema_extra={"where": "such as email:operator"},
    )
    media_attempts: int = Field(default=12, ge=1, description="attempts to fetch a file from a provider")
    evidence: EvidenceSettings = Field(default=EvidenceSettings(), description="what files may be: see `[evidence]`")
    retention: RetentionSettings = Field(
        default=RetentionSettings(), description="how long tips are kept: see `[retention]`"
    )
    erased_list_file: Path | None = Field(
        default=None,
        description="file with keyed tags of the tips that were erased, so that a restored backup brings none back; "
        "empty: data_dir/erased.list; copy it elsewhere after each erasure, and never restore an older one",
    )
    http: HttpSettings = Field(default=HttpSettings(), description="how long slow clients may take: see `[http]`")
    metrics_listen: str = Field(
        default="127.0.0.1:9464",
        description="address and port of a listener of its own for `/metrics`; `public`: on the service's own port, "
        "before everybody; empty: none",
    )
    senders: int = Field(default=64, ge=1, description="most provider calls under way at once in one process")
    spool_max_files: int = Field(
        default=10_000,
        ge=0,
        description="most requests of SMS, calls and the web form that are spooled while the database is down",
    )
    spool_max_bytes: int = Field(default=256 * 1024 * 1024, ge=0, description="most bytes that these may take")
    receipt_codes_ahead: int = Field(
        default=1024,
        ge=0,
        description="receipt codes that each process makes ahead of need, at 3 ms of idle processor time each; "
        "0: each tip waits for its own",
    )
    code_guesses_per_minute: int = Field(
        default=60,
        ge=1,
        description="wrong receipt codes a minute, of everybody together, before every look-up waits",
    )

    @field_validator("metrics_listen")
    @classmethod
    def _is_a_listener(cls, value: str) -> str:
        _, colon, port = value.rpartition(":")
        if value not in {"", PUBLIC_METRICS} and not (colon and port.isdecimal() and int(port) <= _LAST_PORT):
            raise ValueError("must be `address:port`, `public` or empty")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in {"https", "http"} or not urlsplit(value).hostname):
            raise ValueError("must be an address that begins with https:// (or http://, for a trial)")
        return value

    @field_validator("destination")
    @classmethod
    def _each_destination_once(cls, value: tuple[DestinationRule, ...]) -> tuple[DestinationRule, ...]:
        names = [rule.to for rule in value]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"{twice[0]} stands in two [[destination]] tables: give each destination one")
        if any(rule.sink == DESK_SINK for rule in value):
            raise ValueError("desks get their tips by routing: `to` names another sink")
        return value


class Settings:
    """The configuration as a whole: `core`, and a validated section for each plugin that asks."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        demand: bool = False,
        stand_ins: Mapping[str, Mapping[str, Any]] | None = None,
        presets: Mapping[str, Mapping[str, Any]] | None = None,
        **core: Any,
    ) -> None:
        """Read file and environment; `core` overrides both.

        With `demand`, a section of which nothing is set counts as wrong, so that `satark check` can say what it needs.
        `stand_ins` holds whole sections by name: each stands where nothing at all of that section is set.
        `presets` holds fields of sections: each stands where its section is set, but that field is not.

        Raises:
            SettingsError: something is wrong; it names every setting at fault.
        """
        self.path = path or _path_from_environment()
        self._demand = demand
        self._stand_ins = dict(stand_ins or {})
        self._presets = dict(presets or {})
        self._asked: dict[str, type[BaseModel]] = {"evidence": EvidenceSettings, "http": HttpSettings}
        _check_file(self.path)
        loaded = self._load("", Core)
        self.core = loaded.model_copy(update=core)
        try:
            use_folder(self.core.languages_folder)
        except LanguageError as error:
            raise SettingsError([SettingProblem("languages_folder", "SATARK_LANGUAGES_FOLDER", str(error))]) from None

    def section(self, name: str, model: type[M]) -> M | None:
        """Give a plugin its section, or None where nothing at all of it is set.

        Raises:
            SettingsError: a field of it is missing or wrong.
        """
        self._asked[name] = model
        fields: dict[str, Any] = {name: (model | None, None)}
        preset = {name: self._presets[name]} if name in self._presets and self.is_set(name) else {}
        found: M | None = getattr(self._load(name, create_model("Section", **fields), preset), name)
        if found is None and name in self._stand_ins:
            return model.model_validate(self._stand_ins[name])
        return self._demanded(name, model) if found is None and self._demand else found

    def is_set(self, name: str) -> bool:
        """Whether anything at all of a section is set, in the file or the environment, be it right or wrong."""
        fields: dict[str, Any] = {name: (dict[str, Any] | None, None)}
        return getattr(self._load(name, create_model("Section", **fields)), name) is not None

    @property
    def known(self) -> frozenset[str]:
        """The environment's names of the core's settings, and of all in the sections that were asked for so far."""
        sections = {f"{name}__{field}" for name, model in self._asked.items() for field in model.model_fields}
        return frozenset(f"SATARK_{name.upper()}" for name in Core.model_fields.keys() | sections)

    @property
    def database_url(self) -> str:
        """The main database's URL."""
        return self.core.database_url or f"sqlite:///{self.core.data_dir / 'satark.db'}"

    @property
    def keys_url(self) -> str:
        """The key store's URL."""
        return self.core.keys_url or f"sqlite:///{self.core.data_dir / 'keys.db'}"

    @property
    def edge_key_file(self) -> Path:
        """The edge key's file."""
        return self.core.edge_key_file or self.core.data_dir / "edge.key"

    @property
    def epoch_key_file(self) -> Path:
        """The epoch keys' file."""
        return self.core.epoch_key_file or self.core.data_dir / "epoch.keys"

    @property
    def name_key_file(self) -> Path:
        """The name key's file."""
        return self.core.name_key_file or self.core.data_dir / "name.key"

    @property
    def link_key_file(self) -> Path:
        """The link key's file."""
        return self.core.link_key_file or self.core.data_dir / "link.key"

    @property
    def evidence_dir(self) -> Path:
        """The folder of the sealed files."""
        return self.core.data_dir / "evidence"

    @property
    def erased_list_file(self) -> Path:
        """The file of erased tips' tags."""
        return self.core.erased_list_file or self.core.data_dir / "erased.list"

    @property
    def spool_dir(self) -> Path:
        """The folder of what is kept while the database is down."""
        return self.core.data_dir / "spool"

    def _demanded(self, name: str, model: type[M]) -> M:
        try:
            return model.model_validate({})
        except ValidationError as error:
            problems = [{**e, "loc": (name, *e["loc"])} for e in error.errors()]
            whole = create_model("Section", **{name: (model | None, None)})  # type: ignore[call-overload]
            raise SettingsError([_problem(e, name, whole) for e in problems]) from None

    def _load(self, section: str, model: type[M], preset: Mapping[str, Any] = MappingProxyType({})) -> M:
        source = type("Source", (_Source, model), {"model_config": _config(self.path)})
        try:
            found: M = source(**preset)
        except ValidationError as error:
            raise SettingsError([_problem(e, section, model) for e in error.errors()]) from None
        return found


class _Source(BaseSettings):
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, TomlConfigSettingsSource(settings_cls), init_settings


def _config(path: Path | None) -> SettingsConfigDict:
    return SettingsConfigDict(
        env_prefix="SATARK_",
        env_nested_delimiter="__",
        toml_file=path,
        extra="ignore",
        env_ignore_empty=True,
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
        raise SettingsError([SettingProblem("config", "SATARK_CONFIG", message)]) from None


def _problem(error: Any, section: str, model: type[BaseModel]) -> SettingProblem:
    location = [str(part) for part in error["loc"]]
    setting = ".".join(location)
    env = "SATARK_" + "__".join(part.upper() for part in location)
    message = "is missing" if error["type"] == "missing" else error["msg"].removeprefix("Value error, ")
    return SettingProblem(setting, env, message, _hint(location, section, model))


def _hint(location: list[str], section: str, model: type[BaseModel]) -> str:
    if section:
        model = model.model_fields[section].annotation.__args__[0]  # type: ignore[union-attr]
        location = location[1:]
    field = model.model_fields.get(location[0]) if location else None
    if field is None:
        return ""
    extra = field.json_schema_extra
    where = extra.get("where", "") if isinstance(extra, dict) else ""
    return "; ".join(part for part in (field.description or "", str(where)) if part)
