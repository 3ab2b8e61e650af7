"""Guards around a plugin's hooks, so that pluggy can call them and a failure still names the plugin and the hook.

In place of a plugin's own functions, pluggy is given functions with the same arguments and options, which call the
plugin's. So only pluggy has to handle `tryfirst` and `trylast`.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any, Final, NamedTuple, TypeAlias, get_args

import msgspec

from satark.api import hooks
from satark.api.inbound import Event, Moved
from satark.api.prompt import Prompt
from satark.api.routing import RouteAdvice, Screening
from satark.api.settings import SettingProblem, SettingsError
from satark.plugins.handed_over import PluginError, check_batch, did_you_mean, what_is_missing
from satark.plugins.isolation import IsolatedCalls, Isolation, Skipped

Function: TypeAlias = Callable[..., Any]
Options: TypeAlias = Mapping[str, Any]
_PREFIX: Final = "satark_"


class Ledger:
    """What each plugin returned in one call of a hook, and the problems that it found in the settings."""

    def __init__(self) -> None:
        self.problems: list[SettingProblem] = []
        self._entries: list[tuple[str, object]] = []

    def enter(self, plugin: str, result: object) -> None:
        """Record what a plugin returned."""
        self._entries.append((plugin, result))

    def plugin_of(self, result: object) -> str:
        """Return the name of the plugin that returned this object. Call it once for each object, in pluggy's order."""
        for at, (plugin, entered) in enumerate(self._entries):
            if entered is result:
                del self._entries[at]  # two plugins may return the same empty tuple
                return plugin
        return "?"


_LEDGER: ContextVar[Ledger] = ContextVar("ledger")


@contextmanager
def ledger() -> Iterator[Ledger]:
    """Record in a ledger what plugins return from the hook that the block calls."""
    kept = Ledger()
    token = _LEDGER.set(kept)
    try:
        yield kept
    finally:
        _LEDGER.reset(token)


class _Implementation(NamedTuple):
    plugin: str
    hook: str
    function: Function


class Guarded:
    """The object that is registered with pluggy for a plugin: one guard for each function that implements a hook."""

    def __init__(self, plugin: object, name: str, options: Callable[[Any, str], Options | None]) -> None:
        """Find the plugin's implementations of hooks. `options` is pluggy's `parse_hookimpl_opts`.

        Raises:
            PluginError: an implementation lacks `@hookimpl`, fits no hook, is asynchronous, or is a wrapper.
        """
        self._name = name
        self.implementations: list[tuple[str, _Implementation]] = []
        for attribute in dir(plugin):
            chosen = options(plugin, attribute)
            if chosen is None:
                _check_not_forgotten(plugin, name, attribute)
                continue
            hook = chosen.get("specname") or attribute
            one = _Implementation(name, hook, getattr(plugin, attribute))
            _check_signature(one)
            _check_function(one, chosen)
            self.implementations.append((attribute, one))

    def __repr__(self) -> str:
        return repr(self._name)

    def guard(self, isolation: Isolation, *, trusted: bool) -> None:
        """Create the guards. `trusted`: whether the plugin comes with Satark."""
        for attribute, one in self.implementations:
            if one.hook in ANSWERS:
                at_once = trusted or one.hook == "satark_commands"
                calls = IsolatedCalls(one.plugin, one.hook, isolation, at_once=at_once)
                setattr(self, attribute, _optional(one, calls))
            else:
                setattr(self, attribute, _required(one))


def _check_not_forgotten(plugin: object, name: str, attribute: str) -> None:
    if attribute.startswith(_PREFIX) and inspect.isroutine(inspect.getattr_static(plugin, attribute, None)):
        raise PluginError(f"plugin {name!r}: {attribute} is no hook yet: put @hookimpl above it, or name it otherwise")


def _check_signature(one: _Implementation) -> None:
    specification = getattr(hooks, one.hook, None) if one.hook.startswith(_PREFIX) else None
    if specification is None:
        meant = did_you_mean(one.hook, vars(hooks))
        raise PluginError(f"plugin {one.plugin!r}: Satark has no hook {one.hook}: {meant or 'see `satark.api.hooks`'}")
    taken = inspect.signature(specification).parameters
    for name, given in inspect.signature(one.function).parameters.items():
        if name not in taken and given.default is given.empty:
            raise PluginError(
                f"plugin {one.plugin!r}: {one.hook} has no argument {name!r}: it takes {', '.join(taken)}"
            )


def _check_function(one: _Implementation, options: Options) -> None:
    where = f"plugin {one.plugin!r}: {one.hook}"
    if inspect.iscoroutinefunction(one.function) or inspect.isasyncgenfunction(one.function):
        raise PluginError(f"{where} is `async def`: hooks are synchronous, only methods of what they return may wait")
    if options.get("wrapper") or options.get("hookwrapper") or inspect.isgeneratorfunction(one.function):
        raise PluginError(f"{where} yields: return an answer of its own, since no plugin changes another's")


# ----------------------------------------------------------------- hooks of the start: a failure stops it


def _required(one: _Implementation) -> Function:
    @wraps(one.function)
    def call(*arguments: Any, **options: Any) -> Any:
        try:
            return _entered(one, check_batch(one.plugin, one.hook, one.function(*arguments, **options)))
        except SettingsError as error:
            if (kept := _LEDGER.get(None)) is None:
                raise
            kept.problems += error.problems
            return None
        except Exception as error:
            raise _named(one, error) from error

    return call


def _entered(one: _Implementation, result: object) -> object:
    if kept := _LEDGER.get(None):
        kept.enter(one.plugin, result)
    return result


def _named(one: _Implementation, error: Exception) -> Exception:
    if isinstance(error, PluginError):
        return error
    if isinstance(error, ModuleNotFoundError):
        return PluginError(what_is_missing(one.plugin, error))
    return PluginError(f"plugin {one.plugin!r} failed in {one.hook}: {error!r}")


# ----------------------------------------------------------------- optional hooks: a failure costs the answer alone


class TransactionAbandoned(Exception):  # noqa: N818 - it reads as what it says
    """A hook that writes took too long and may still write.

    The transaction is rolled back and runs again without the hook.
    """


def _optional(one: _Implementation, calls: IsolatedCalls) -> Function:
    """Return a function that returns the implementation's result, or None if the implementation fails."""

    @wraps(one.function)
    def call(*arguments: Any, **options: Any) -> Any:
        def work() -> Any:
            answer = one.function(*arguments, **options)
            return None if answer is None else ANSWERS[one.hook](answer)

        try:
            return _run(one.hook, calls, work, (*arguments, *options.values()))
        except Skipped:
            return None

    return call


def _run(hook: str, calls: IsolatedCalls, work: Callable[[], Any], given: Sequence[Any]) -> Any:
    unit: Any = next((one for one in given if hasattr(one, "savepoint")), None)
    if hook != "satark_before_commit" or unit is None:  # without it nothing can be written
        return calls.run(work)

    def write() -> Any:
        with unit.savepoint():
            return work()

    try:
        return calls.run(write)
    except Skipped as skipped:
        if skipped.still_runs:
            raise TransactionAbandoned from None
        raise


Check: TypeAlias = Callable[[Any], Any]
"""Returns a result with every field checked; raises `WrongAnswer` or msgspec's error if a type is wrong."""


class WrongAnswer(TypeError):  # noqa: N818 - it reads as what it says
    """A hook returned a value of a type that the API does not allow."""


def _checked(value: object, wanted: Any, *classes: type) -> Any:
    if not isinstance(value, classes or wanted):
        raise WrongAnswer(type(value).__name__)
    return msgspec.convert(msgspec.to_builtins(value, enc_hook=_plain), wanted)


def _plain(value: object) -> str:
    if not isinstance(value, str):  # a subclass of it is one
        raise WrongAnswer(type(value).__name__)
    return str(value)


def _ignored(_value: object) -> None:
    """Accept any result, since nobody reads it."""


ANSWERS: Final[Mapping[str, Check]] = {
    "satark_interpret": lambda value: _checked(value, Event, *(set(get_args(Event)) - {Moved})),
    "satark_render": partial(_checked, wanted=Prompt),
    "satark_screen": partial(_checked, wanted=Screening),
    "satark_route": partial(_checked, wanted=RouteAdvice),
    "satark_before_commit": _ignored,
    "satark_event": _ignored,
    "satark_commands": _ignored,
}
"""Name of each optional hook → the check of its result, if that is not None."""
