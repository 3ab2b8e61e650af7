"""The core's own settings. Each has a default, limits and a description."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from satark.api.routing import DESK_SINK, ConfiguredDestination, DestinationRule
from satark.api.settings import provider_url
from satark_files.limits import MB, Limits
from satark_words.languages import OFFERED

PUBLIC_METRICS: Final = "public"
"""The value of `metrics_listen` that puts the metrics on the service's own port."""
HOOK_SECONDS: Final = 0.5
"""Seconds that one call of an optional hook may take, unless `hook_seconds` is set."""
_LAST_PORT: Final = 65_535
_USUAL: Final = Limits()
_PACKAGED: Final = "package:"

Role = Literal["web", "worker", "desk"]


def _packaged_path(value: object) -> object:
    """Resolve `package:NAME/FILE` to a file of an installed package. Any other value is a path and stays as it is."""
    if not isinstance(value, str) or not value.startswith(_PACKAGED):
        return value
    name, _, file = value.removeprefix(_PACKAGED).partition("/")
    spec = find_spec(name) if name.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"there is no package {name!r} installed")
    return Path(spec.submodule_search_locations[0], file)


PackagedPath = Annotated[Path, BeforeValidator(_packaged_path)]
"""A path, or a file of an installed package, for example of a package with a questionnaire."""


class EvidenceSettings(BaseModel):
    """What one file and one tip may be, and what cleaning a file may cost."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    file_bytes: int = Field(default=_USUAL.file_bytes, gt=0, le=2_000_000_000)
    """bytes of one file; a larger one is refused while it streams in"""
    tip_files: int = Field(default=30, gt=0)
    """files of one tip"""
    tip_bytes: int = Field(default=500 * MB, gt=0)
    """bytes of all files of one tip"""
    pixels: int = Field(default=_USUAL.pixels, gt=0)
    """pixels of one picture, all its frames or pages together"""
    photo_pixels: int = Field(default=_USUAL.photo_pixels, gt=0)
    """pixels of one photo (JPEG)"""
    pages: int = Field(default=_USUAL.pages, gt=0)
    """pages of one document"""
    seconds: int = Field(default=_USUAL.seconds, gt=0)
    """seconds that a recording may play"""
    expansion: int = Field(default=_USUAL.expansion, gt=0)
    """bytes that one byte of a file may unpack to, past 16 MB"""
    cpu_seconds: int = Field(default=_USUAL.cpu_seconds, gt=0)
    """seconds of processor time for cleaning one file; a small one that is no recording has ten at most"""
    wall_seconds: float = Field(default=_USUAL.wall_seconds, gt=0)
    """seconds by the clock for cleaning one file"""
    memory_bytes: int = Field(default=_USUAL.memory_bytes, ge=500_000_000)
    """bytes of address space for each process that cleans, its code included"""
    allow_weak_isolation: bool = False
    """clean files even where the system forbids a part of the isolation of what opens them; `satark check` says what is
    missing"""
    gives_way: bool = True
    """clean files only where a processor is free; one that got none in wall_seconds then goes first"""

    def limits(self) -> Limits:
        """Return the limits on one file, as the cleaners take them."""
        return Limits(**self.model_dump(exclude={"tip_files", "tip_bytes", "allow_weak_isolation", "gives_way"}))


class HttpSettings(BaseModel):
    """How long the HTTP server waits for a slow client, and how much it stores for one."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    connections: int = Field(default=800, ge=8)
    """most connections of one process; above it, the one that waits longest for its client is closed"""
    header_seconds: float = Field(default=15, gt=0)
    """seconds from the first byte, or the connection, until the headers are complete"""
    header_bytes: int = Field(default=32_768, ge=4_096)
    """most bytes of a request's headers"""
    stall_seconds: float = Field(default=30, gt=0)
    """seconds in which a body, or the response to it, must move by stall_bytes"""
    stall_bytes: int = Field(default=1_024, ge=1)
    """bytes that must move in stall_seconds, or the connection is closed"""
    unverified_bytes: int = Field(default=32_000_000, ge=100_000)
    """most bytes of webhooks whose signature is not checked yet, together"""


class RetentionSettings(BaseModel):
    """How many days a tip is kept after an office last set its status, and what happens to it then."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    unfinished_days: int = Field(default=1095, ge=30)
    """days that a tip is kept which no office has finished, since its last status"""
    acted_days: int = Field(default=1825, ge=1)
    """the same after an office acted on it"""
    unconfirmed_days: int = Field(default=180, ge=1)
    """the same after an office could not confirm it"""
    merged_days: int = Field(default=365, ge=1)
    """the same after it was joined to another"""
    set_aside_days: int = Field(default=180, ge=1)
    """the same after it was set aside"""
    transferred_days: int = Field(default=365, ge=1)
    """the same after it was handed over to another authority"""
    closed_days: int = Field(default=365, ge=1)
    """the same after it was closed"""
    category_days: dict[str, int] = {"TRAFF": 1825, "HEIN": 1825}
    """category → days that its finished tips are kept at least, whatever their status"""
    receipt_days: int = Field(default=180, ge=0)
    """days that the receipt of an erased tip still answers that it was erased; then its code is unknown"""
    automatic: bool = True
    """whether due tips are erased by the scheduled job; no: two officers must order each erasure"""


class Core(BaseModel):
    """The core's own settings. A plugin's settings are a section of the plugin's name."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    plugins: tuple[str, ...] = (
        "whatsapp",
        "telegram",
        "sms_ivr",
        "web_form",
        "desk",
        "email",
        "police_system",
        "rabbitmq",
    )
    """names of the plugins to load; no other is imported"""
    data_dir: Path = Path("data")
    """folder of the embedded databases, the sealed files, the spool and what this machine keeps for itself"""
    storage_url: str = ""
    """where files lie that all machines share; empty: data_dir; file:///folder that all mount, or s3://bucket/folder,
    whose address and keys stand in AWS_… variables; docs/operations.md, Files"""
    database_url: str = ""
    """SQLAlchemy URL of the main database; empty: SQLite in data_dir; sqlite:///path or
    postgresql://user:password@host/name"""
    keys_url: str = ""
    """SQLAlchemy URL of the key store, backed up apart; empty: SQLite in data_dir; a database of its own when several
    machines serve"""
    edge_key_file: Path | None = None
    """file with the 32-byte edge key, mode 0600; empty: data_dir/edge.key, made at first start; make one with: head -c
    32 /dev/urandom > FILE && chmod 600 FILE"""
    edge_key_command: tuple[str, ...] = ()
    """a program with its arguments that prints the edge key; it goes before edge_key_file; docs/operations.md, The edge
    key"""
    epoch_key_file: Path | None = None
    """file with the epoch keys, or its folder, shared by all processes of a database; empty: in memory, which a power
    cut ends; on a disk, whoever pulls the plug opens that hour's drafts for ever; docs/operations.md, Epoch keys"""
    epoch_minutes: float = Field(default=60, gt=0, le=1440)
    """minutes of an epoch; its key, and drafts and addresses given up by then, end with it"""
    process_epochs: int = Field(default=4, ge=0)
    """epochs after which a process is replaced (with the role web or worker after twice as many if somebody is signed
    in), or five minutes after the last officer was signed out: what it opened stays in its memory; 0: never"""
    name_key_file: Path | None = None
    """file with the name key, mode 0600, shared by all processes of a database; backed up apart from it; empty:
    data_dir/name.key; docs/operations.md, Name key"""
    link_key_file: Path | None = None
    """file with the key between host and remote offices, mode 0600, the same on every machine of the host; empty:
    data_dir/link.key"""
    public_url: str = ""
    """the address under which citizens and providers reach this service; the https:// address of your reverse proxy"""
    proxy_url: SecretStr = SecretStr("")
    """http://[user:password@]host:port of a proxy that all outgoing connections go through (CONNECT), but for the
    databases, RabbitMQ (AMQP) and the sound of calls (UDP); empty: none; docs/operations.md, Outgoing connections"""
    voice_clips: Path | None = None
    """folder of the clips that chats' prompts are read out with; empty: nothing is read out; `satark voice render
    FOLDER` fills it; docs/voice-notes.md"""
    flow: PackagedPath | None = None
    """a flow file in place of the default questionnaire; its words in `texts/<language>.po` beside it;
    `package:NAME/FILE` is one of an installed package"""
    languages: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Za-z]{2,8})?$")], ...] = Field(
        default=OFFERED, min_length=1
    )
    """the languages that citizens are offered, in this order; `ur` and `bho` are machine-made: have a native read every
    text before you offer them"""
    languages_folder: PackagedPath | None = None
    """folder of this installation's own languages, a folder each; empty: those that come with Satark;
    `package:NAME/FOLDER` is one of an installed package; docs/how-to/language.md"""
    geography: PackagedPath | None = None
    """a file, or a folder of files, with districts, stations and outposts; empty: the sample; `package:NAME/FILE` is
    one of an installed package; docs/geography.md"""
    session_hours: float = Field(default=12, gt=0, le=24)
    """hours without a message until a draft is erased"""
    unsent_question_hours: float = Field(default=2, ge=0, le=24)
    """hours before its end at which a complete unsent draft is asked about, once, if its tipster allowed it; at most
    half of session_hours; 0: never"""
    lapsed_hours: float = Field(default=72, ge=0, le=720)
    """hours in which a sender's next conversation tells that their draft was erased unsent; 0: not told"""
    reach_minutes: float = Field(default=30, gt=0, le=1440)
    """minutes after the receipt in which the tipster may still say that they may be reached"""
    handoff_code_minutes: float = Field(default=15, ge=1, le=60)
    """minutes in which a code takes a draft to another channel, once"""
    file_notice_seconds: float = Field(default=20, ge=0, le=3600)
    """seconds of silence after which one message tells a tipster of all files that could not be cleaned"""
    seen_days: float = Field(default=30, ge=8)
    """days that a keyed hash of each ingested event is stored"""
    handle_days: float = Field(default=30, gt=0)
    """days that the reply handle of somebody who may be reached is stored"""
    notice_minutes: float = Field(default=60, ge=0, le=1440)
    """minutes in each of which a tipster may be told of news at one random moment: who sits beside them must not make
    their phone ring at a time of their choice; 0: at once"""
    hook_seconds: float = Field(default=HOOK_SECONDS, gt=0, le=5)
    """seconds that one call of a plugin's optional hook (a screen, a route …) may take, while others wait; then the tip
    goes on without it"""
    batch: int = Field(default=256, ge=1)
    """most turns that share one database transaction"""
    settle_seconds: float = Field(default=1.5, ge=0)
    """seconds to wait for more files before answering an album"""
    send_attempts: int = Field(default=12, ge=1)
    """attempts to send a reply before it is dead-lettered"""
    delivery_attempts: int = Field(default=60, ge=1)
    """attempts to deliver a tip before it is dead-lettered"""
    destination: tuple[DestinationRule, ...] = ()
    """where tips go beyond the desks: see [[destination]] below and docs/operations.md"""
    delivery_minutes: float = Field(default=30, ge=0, le=1440)
    """minutes in each of which tips go to a `[[destination]]` once, at a random moment, unless urgent: whoever carries
    them must not learn the second in which each was told; 0: at once"""
    office_minutes: float = Field(default=5, ge=0, le=60)
    """minutes in each of which a remote office is sent tips and changes, or a cover, at one random moment: no office
    must see when another works on what is kept from it; 0: at once, without such covers"""
    alarm_to: tuple[ConfiguredDestination, ...] = ()
    """destinations that are told of each fault and its end, without content; such as email:operator"""
    alarm_url: str = ""
    """address to which the same is posted, as JSON: {"text": "…"}"""
    heartbeat_url: str = ""
    """address of a dead-man's switch, which a process calls twice a minute while it can take messages; give each role
    its own"""
    media_attempts: int = Field(default=12, ge=1)
    """attempts to fetch a file from a provider"""
    evidence: EvidenceSettings = EvidenceSettings()
    """what files may be: see `[evidence]`"""
    retention: RetentionSettings = RetentionSettings()
    """how long tips are kept: see `[retention]`"""
    backup_recipients: tuple[str, ...] = ()
    """age recipients that `satark backup` encrypts to; each opens a backup alone; age-keygen -o operator.key prints
    one; keep the private key off this machine"""
    erased_list_file: Path | None = None
    """file with keyed tags of erased tips, so that a restored backup brings none back; copy it with each backup, never
    restore an older one; empty: data_dir/erased.list"""
    http: HttpSettings = HttpSettings()
    """how long slow clients may take: see `[http]`"""
    disk_reserve_bytes: int = Field(default=1_000_000_000, ge=0)
    """free bytes on the disk of the data folder below which Satark reports a fault"""
    machines: int = Field(default=0, ge=0)
    """how many machines use these databases, this one too; each expects the notes of all others, so that the owner of
    the database's server can show none of them rows of its own; 0: unknown
    """
    metrics_listen: str = "127.0.0.1:9464"
    """address and port of a listener of its own for `/metrics`; `public`: on the service's own port, before everybody;
    empty: none"""
    senders: int = Field(default=64, ge=1)
    """provider calls under way at once in one process, for each account, where the provider answers fast"""
    most_senders: int = Field(default=512, ge=1)
    """the same, where the provider answers slowly"""
    replies_in_memory: int = Field(default=20_000, ge=1)
    """most replies that wait in one process's memory; others wait in the database, ten seconds longer"""
    sender_turns: int = Field(default=32, ge=1)
    """most messages of one sender in a transaction while others wait"""
    sender_waiting: int = Field(default=2_000, ge=1)
    """most messages of one sender that wait in one process"""
    turns_waiting: int = Field(default=20_000, ge=1)
    """the same of all senders; others get 503, or are spooled"""
    spool_max_files: int = Field(default=10_000, ge=0)
    """most requests of SMS, calls and the web form that are spooled while the database is down"""
    spool_max_bytes: int = Field(default=256 * 1024 * 1024, ge=0)
    """most bytes that these may take"""
    receipt_codes_ahead: int = Field(default=4_000, ge=0)
    """receipt codes, and decoys of envelopes, that each process makes ahead of need; 0: each tip makes its own"""
    code_guesses_per_minute: int = Field(default=60, ge=1)
    """wrong receipt codes a minute, of everybody together, before every look-up waits"""

    @field_validator("metrics_listen")
    @classmethod
    def _is_a_listener(cls, value: str) -> str:
        _, colon, port = value.rpartition(":")
        if value not in {"", PUBLIC_METRICS} and not (colon and port.isdecimal() and int(port) <= _LAST_PORT):
            raise ValueError("must be `address:port`, `public` or empty")
        return value

    @field_validator("proxy_url")
    @classmethod
    def _is_a_proxy(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if not re.fullmatch(r"(http://([^/@\s]+@)?[^/@\s?#]+:\d{1,5}/?)?", url) or (url and not urlsplit(url).port):
            raise ValueError("must be http://host:port or http://user:password@host:port")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in {"https", "http"} or not urlsplit(value).hostname):
            raise ValueError("must be an address that begins with https:// (or http://, for a trial)")
        return value

    _only_safe_urls = field_validator("alarm_url", "heartbeat_url")(lambda url: provider_url(url) if url else url)

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
