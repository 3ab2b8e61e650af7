"""Guards around a plugin's hooks, so that pluggy can call them and a failure still names the plugin and the hook.

In place of a plugin's own functions, pluggy is given functions with the same arguments and options, which call the
plugin's. So only pluggy has to handle `tryfirst`, `trylast` and wrappers.
"""

import inspect
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any, Final, NamedTuple, TypeAlias, get_args

import msgspec

from satark.api import hooks
from satark.api.inbound import Event, Moved
from satark.api.prompt import Prompt
from satark.api.routing import RouteAdvice, Screening
from satark.api.settings import SettingProblem, SettingsError
from satark.plugins.failing_hooks import IsolatedCalls, Isolation, Skipped
from satark.plugins.returned_objects import PluginError, check_batch, did_you_mean, what_is_missing

Function: TypeAlias = Callable[..., Any]
Options: TypeAlias = Mapping[str, Any]
_PREFIX: Final = "satark_"


class Ledger:
    """What each plugin returned in one call of a hook, and the problems that it found in the settings."""

    def __init__(self) -> None:
        self.problems: list[SettingProblem] = []
        self._entries: list[tuple[str, object]] = []

    def enter(self, plugin: str, result: object) -> None:
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
    is_wrapper: bool


class Guarded:
    """The object that is registered with pluggy for a plugin: one guard for each function that implements a hook."""

    def __init__(self, plugin: object, name: str, options: Callable[[Any, str], Options | None]) -> None:
        """Find the plugin's implementations of hooks. `options` is pluggy's `parse_hookimpl_opts`.

        Raises:
            PluginError: an implementation lacks `@hookimpl`, fits no hook, is asynchronous, or is a wrapper of an
                unsupported kind.
        """
        self._name = name
        self.implementations: list[tuple[str, _Implementation]] = []
        for attribute in dir(plugin):
            chosen = options(plugin, attribute)
            if chosen is None:
                _check_not_forgotten(plugin, name, attribute)
                continue
            hook = chosen.get("specname") or attribute
            one = _Implementation(name, hook, getattr(plugin, attribute), bool(chosen.get("wrapper")))
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
                optional = _Optional(one, IsolatedCalls(one.plugin, one.hook, isolation, at_once=at_once))
                guarded = optional.wrapper() if one.is_wrapper else optional.call()
            else:
                guarded = _required_wrapper(one) if one.is_wrapper else _required(one)
            setattr(self, attribute, guarded)


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
    if options.get("hookwrapper"):
        raise PluginError(f"{where} is a wrapper of pluggy's old kind: declare it with wrapper=True")
    if not one.is_wrapper and inspect.isgeneratorfunction(one.function):
        raise PluginError(f"{where} yields: return a value, or declare it with wrapper=True")


def _required(one: _Implementation) -> Function:
    """Return the guard of a hook of the start, whose failure stops it."""

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


def _required_wrapper(one: _Implementation) -> Function:
    @wraps(one.function)
    def wrapper(*arguments: Any, **options: Any) -> Generator[None, Any, Any]:
        try:
            results = yield from one.function(*arguments, **options)
        except SettingsError:
            raise
        except Exception as error:
            raise _named(one, error) from error
        return _checked_results(one, results)

    return wrapper


def _checked_results(one: _Implementation, results: Any) -> Any:
    if not isinstance(results, list):
        raise PluginError(
            f"plugin {one.plugin!r}: its wrapper of {one.hook} must return the list that it got, or another"
        )
    return [_entered(one, check_batch(one.plugin, one.hook, result)) for result in results if result is not None]


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


class TransactionAbandoned(Exception):  # noqa: N818 - it reads as what it says
    """A hook that writes took too long and may still write.

    The transaction is rolled back and runs again without the hook.
    """


class _Optional:
    """The guard of an optional hook, whose failure costs the answer alone."""

    def __init__(self, one: _Implementation, calls: IsolatedCalls) -> None:
        self._function, self._hook, self._calls = one.function, one.hook, calls

    def call(self) -> Function:
        """Return a function that returns the implementation's result, or None if the implementation fails."""

        @wraps(self._function)
        def call(*arguments: Any, **options: Any) -> Any:
            def work() -> Any:
                answer = self._function(*arguments, **options)
                return None if answer is None else ANSWERS[self._hook](answer)

            try:
                return self._run(work, arguments, options)
            except Skipped:
                return None

        return call

    def wrapper(self) -> Function:
        """Return a wrapper that returns the other plugins' result unchanged if the plugin's own wrapper fails."""

        @wraps(self._function)
        def wrapper(*arguments: Any, **options: Any) -> Generator[None, Any, Any]:
            generator = self._function(*arguments, **options)
            try:
                self._run(lambda: _begin(generator), arguments, options)
            except Skipped:
                return (yield)
            result = yield
            given = list(result) if isinstance(result, list) else result  # it may change its own
            with suppress(Skipped):
                return self._run(lambda: check_all(self._hook, _end(generator, given)), arguments, options)
            return result

        return wrapper

    def _run(self, work: Callable[[], Any], arguments: Sequence[Any], options: Mapping[str, Any]) -> Any:
        if self._hook != "satark_before_commit":
            return self._calls.run(work)
        given = (*arguments, *options.values())
        unit: Any = next((one for one in given if hasattr(one, "savepoint")), None)
        if unit is None:  # without it nothing can be written
            return self._calls.run(work)

        def write() -> Any:
            with unit.savepoint():
                return work()

        try:
            return self._calls.run(write)
        except Skipped as skipped:
            if skipped.still_runs:
                raise TransactionAbandoned from None
            raise


def _begin(generator: Generator[None, Any, Any]) -> None:
    try:
        next(generator)
    except StopIteration:
        raise WrongAnswer("it did not yield") from None


def _end(generator: Generator[None, Any, Any], result: object) -> Any:
    try:
        generator.send(result)
    except StopIteration as end:
        return end.value
    raise WrongAnswer("it yielded twice")


Check: TypeAlias = Callable[[Any], Any]
"""Returns a result with checked fields; raises `WrongAnswer` or msgspec's error if a type is wrong."""


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
"""Name of each optional hook → the check of its result, unless that is None."""
FIRST_RESULT: Final = frozenset({"satark_interpret", "satark_render"})
"""Optional hooks of which the first result counts. A wrapper of such a hook returns one result; a wrapper of any other
hook returns a list."""


def check_all(hook: str, answer: Any) -> Any:
    """Check a wrapper's return value, which replaces all results: one result, or a list without None."""
    if ANSWERS[hook] is _ignored:
        return answer
    if hook in FIRST_RESULT:
        return None if answer is None else ANSWERS[hook](answer)
    if not isinstance(answer, list):
        raise WrongAnswer(type(answer).__name__)
    return [ANSWERS[hook](one) for one in answer if one is not None]
