"""Checks of the objects that a plugin returns at the start: their types, their methods, and which of these are async.

So a mistake is reported when the plugin is loaded, not when the first citizen writes. Two plugins that
claimed one address would silently take each other's messages.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain, combinations, product
from typing import Any, Final, NamedTuple, Self

from satark.api.channel import Channel, Endpoint, ErasingChannel, ListeningChannel, channel_of
from satark.api.flow import StepType
from satark.api.prompt import Capabilities
from satark.api.providers import CallProvider, SmsProvider, Transcriber
from satark.api.routing import DestinationRule
from satark.api.services import Branch, Prepared
from satark.api.sink import Carrier, ListeningSink, ReadingSink, Sink
from satark.api.web import Page
from satark_files.scrubber import Scrubber

_PROTOCOLS: Final[Mapping[str, type]] = {
    "satark_sms_providers": SmsProvider,
    "satark_call_providers": CallProvider,
    "satark_channels": Channel,
    "satark_sinks": Sink,
    "satark_carriers": Carrier,
    "satark_step_types": StepType,
    "satark_scrubbers": Scrubber,
    "satark_transcribers": Transcriber,
}
_FURTHER: Final[Mapping[str, tuple[type, ...]]] = {
    "satark_channels": (ListeningChannel, ErasingChannel),
    "satark_sinks": (ListeningSink, ReadingSink),
}
"""Hook → further protocols that its objects may implement. An object that has the methods of such a protocol must
take the same arguments in them."""
_CLASSES: Final[Mapping[str, type]] = {
    "satark_destinations": DestinationRule,
    "satark_migrations": Branch,
    "satark_web_pages": Page,
    "satark_desk_pages": Page,
    "satark_demo": Prepared,
}
_ACCOUNTS: Final[Mapping[str, str]] = {"satark_sms_providers": "sms", "satark_call_providers": "voice"}
"""Hook → the name with which the accounts of its providers begin."""
LARGEST_BODY: Final = 5 * 1024 * 1024
"""Bytes of the largest body that an endpoint may accept."""
VALIDATORS: Final = "satark_validators"
_EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("aiosmtplib", "pysequoia"),
    "police": ("asyncssh", "standardwebhooks"),
    "postgres": ("psycopg",),
    "rabbitmq": ("aio_pika", "aiormq"),
}
"""Extra of Satark → the modules from it that Satark's own plugins import."""


class PluginError(Exception):
    """A plugin can't be used, which stops the start. The message names the plugin and tells what to do."""


def what_is_missing(plugin: str, error: ModuleNotFoundError) -> str:
    """Return a sentence that names the module that a plugin could not import and tells how to install its package."""
    module = (error.name or "a package").partition(".")[0]
    extra = next((extra for extra, modules in _EXTRAS.items() if module in modules), "")
    advice = f"pip install 'satark[{extra}]'" if extra else "install it"
    return f"plugin {plugin!r} needs {module}, which is not installed: {advice}"


def check_batch(plugin: str, hook: str, batch: Any) -> Any:
    """Check a plugin's result from a hook that is called at start; return the result.

    Raises:
        PluginError: the result is no list (for validators: no dict), or an item can't be used.
    """
    if hook == VALIDATORS:
        _check_validators(plugin, batch)
    elif hook in _PROTOCOLS or hook in _CLASSES:
        if isinstance(batch, str) or not isinstance(batch, Iterable):
            raise _wrong_result(plugin, hook, batch, "a list, [] where there is nothing")
        batch = batch if isinstance(batch, list | tuple) else [*batch]
        for item in batch:
            for problem in problems_of(hook, item):
                raise PluginError(f"plugin {plugin!r}, {hook}: {problem}")
    return batch


def _check_validators(plugin: str, batch: object) -> None:
    if not isinstance(batch, Mapping):
        raise _wrong_result(plugin, VALIDATORS, batch, "a dict, {} where there is nothing")
    for name, check in batch.items():
        if not callable(check) or inspect.iscoroutinefunction(check):
            raise PluginError(f"plugin {plugin!r}, {VALIDATORS}: {name!r} is no function that checks an answer at once")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a question that names the known name most like a misspelt one; empty: none is similar."""
    return "".join(f"did you mean {found}?" for found in get_close_matches(name, known, n=1))


def _wrong_result(plugin: str, hook: str, result: object, expected: str) -> PluginError:
    return PluginError(f"plugin {plugin!r} returned {type(result).__name__} from {hook}: return {expected}")


def problems_of(hook: str, item: object) -> Iterator[str]:
    """Yield the reasons why an object from a hook can't be used."""
    if (wanted := _CLASSES.get(hook)) is not None:
        if not isinstance(item, wanted):
            yield f"{type(item).__name__} is no {wanted.__name__}"
        return
    named = f"{type(item).__name__} is no {_PROTOCOLS[hook].__name__}"
    for protocol in (_PROTOCOLS[hook], *(one for one in _FURTHER.get(hook, ()) if isinstance(item, one))):
        for problem in misfits(item, protocol):
            yield f"{named}: {problem}"
    if hook == "satark_channels":
        yield from (f"{named}: {problem}" for problem in _channel_problems(item))
    if (kind := _ACCOUNTS.get(hook)) is not None:
        found = (*account_problems(kind, [str(item.account)]), *_endpoint_problems(item.endpoints))  # type: ignore[attr-defined]
        yield from (f"{named}: {problem}" for problem in found)


def misfits(item: object, protocol: type) -> Iterator[str]:
    """Yield each difference of an object from a protocol: in properties, methods, arguments, or what is async."""
    for name, member in _members(protocol):
        try:
            own = getattr(item, name)
        except AttributeError:
            yield f"it has no `{name}`"
            continue
        if isinstance(member, property):
            continue
        if not callable(own):
            yield f"`{name}` is no method"
        elif (may_wait := inspect.iscoroutinefunction(member)) != _waits(own):
            yield f"`{name}` must be {'`async def`' if may_wait else '`def`, not `async def`'}"
        elif not _takes(own, member):
            yield f"`{name}` must take {', '.join(_arguments(member)) or 'no argument'}"


def _members(protocol: type) -> Iterator[tuple[str, Any]]:
    for one in reversed(protocol.__mro__):
        if getattr(one, "_is_protocol", False):
            yield from ((name, member) for name, member in vars(one).items() if not name.startswith("_"))


def _waits(method: object) -> bool:
    return inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)


def _arguments(member: Any) -> list[str]:
    return [*inspect.signature(member).parameters][1:]


def _takes(method: Any, member: Any) -> bool:
    try:
        inspect.signature(method).bind(*_arguments(member))
    except TypeError:
        return False
    except ValueError:  # a function in C tells nothing of itself
        return True
    return True


def _channel_problems(channel: Any) -> Iterator[str]:
    if not isinstance(channel.name, str) or not channel.name:
        yield "`name` is no name"
    if not isinstance(channel.capabilities, Capabilities):
        yield "`capabilities` are no Capabilities"
    if isinstance(channel.accounts, str) or not all(isinstance(one, str) for one in channel.accounts):
        yield "`accounts` are no list of names"
    else:
        yield from account_problems(channel.name, channel.accounts)
    yield from _endpoint_problems(channel.endpoints)


def account_problems(channel: str, accounts: Sequence[str]) -> Iterator[str]:
    """Yield the problems with the names of a channel's accounts, by which a reply finds its channel."""
    if not accounts:
        yield f"`accounts` are empty: name one, such as '{channel}:main'"
    for account in accounts:
        if channel_of(account) != channel or account == channel:
            yield f"the account {account!r} must be named '{channel}:…'"


def _endpoint_problems(endpoints: Any) -> Iterator[str]:
    if not all(isinstance(one, Endpoint) for one in endpoints):
        yield "`endpoints` are no list of Endpoint"
        return
    for one in endpoints:
        if not one.path.startswith("/"):
            yield f"the path {one.path!r} must begin with /"
        if not one.methods or any(method != method.upper() for method in one.methods):
            yield f"the methods of {one.path} are {one.methods}: name each in upper case, such as 'POST'"
        if not 0 < one.limit <= LARGEST_BODY:
            yield f"the limit of {one.path} is {one.limit} bytes: choose one above 0, and at most {LARGEST_BODY}"
        if one.signature_header != one.signature_header.lower():
            yield f"the header {one.signature_header!r} must be in lower case, as `RawRequest.headers` names it"
        if not (one.signs_body or one.signature_header):
            yield f"{one.path} signs no body: name the header with the secret, `signature_header`"


class Claim(NamedTuple):
    """An address that a plugin or Satark itself serves."""

    owner: str
    path: str
    has_below: bool
    """Whether the claim includes all addresses below this one."""

    def clashes(self, other: Self) -> bool:
        """Return whether a request could match both claims. A page at the root gets only unclaimed addresses."""
        if self.path == other.path:
            return True
        if self.owner == other.owner:  # its longest path comes first
            return False
        return self._holds(other) or other._holds(self)

    def _holds(self, other: Self) -> bool:
        return self.has_below and self.path != "/" and other.path.startswith(f"{self.path}/")


_OF_HOST: Final = (
    *(Claim("Satark itself", path, has_below=False) for path in ("/healthz", "/readyz", "/metrics")),
    Claim("the demo", "/simulator", has_below=True),
    Claim("the page at / (for the mailbox)", "/status", has_below=True),
)


class Addresses:
    def __init__(self) -> None:
        self._claims: dict[str, list[Claim]] = {}

    def claim(self, kind: str, paths: Iterable[tuple[str, str]], *, has_below: bool) -> None:
        """Replace the claimed addresses of one kind (webhooks, or a hook's pages) by these: plugin's name and path.

        `has_below`: whether each claim includes all addresses below its path.

        Raises:
            PluginError: a path is invalid, or two plugins claim one address.
        """
        claims = [_claim(plugin, path, has_below=has_below) for plugin, path in paths]
        others = [*_OF_HOST, *(one for of, found in self._claims.items() if of != kind for one in found)]
        for one, other in chain(product(claims, others), combinations(claims, 2)):
            if one.clashes(other):
                raise PluginError(
                    f"{one.owner} claims the address {one.path}, and {other.owner} claims {other.path}: "
                    "change one of them, or leave one plugin out"
                )
        self._claims[kind] = claims


def _claim(plugin: str, path: str, *, has_below: bool) -> Claim:
    if not path.startswith("/"):
        raise PluginError(f"plugin {plugin!r} claims the address {path!r}: it must begin with /")
    return Claim(f"plugin {plugin!r}", f"/{path.strip('/')}", has_below)
