"""Faults: present problems in the operator's words. A fault is reported once when it begins, and once when it ends.

Each fault has a line in the log, a line on `/readyz`, and the gauge `satark_fault`. Nothing in a fault comes from a
tipster: its code and texts are fixed, and its numbers are of the machine, its queues and its settings.
"""

import time
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry, Gauge

from satark.api.observability import log

ALARM_SECONDS: Final = 86_400.0
"""Seconds for which a provider's alarm or a plugin's failure counts as a fault: nobody reports its end."""
TASK_SECONDS: Final = 120.0
"""Seconds without a further failure after which a background task counts as running again."""
_FAILURES: Final = 3
_OF_MACHINE: Final = (
    *("answers", "backup", "certificate", "clock", "disk", "files"),
    *("hang", "isolation", "keys", "losses", "machines", "missing", "peers", "spool", "writes"),
)
"""The groups of `satark.runtime.fault_watch` that tell nothing about tips, unlike queues and destinations."""


class Fault(msgspec.Struct, frozen=True):
    code: str
    """A name for metrics, such as `disk_full`."""
    text: str
    """Description of the fault; it may contain numbers."""
    do: str
    """The action that the operator should take."""
    stops: bool = False
    """Whether no event can be accepted until the fault is over: `/readyz` answers 503."""

    def __str__(self) -> str:
        return f"{self.text}; {self.do}"


FORGED_MESSAGES: Final = Fault(
    "messages_forged",
    "somebody wrote messages to tipsters into the database, which no tipster was shown",
    "find out who writes to the database; the desk's pages of the tips show them (docs/runbook.md#forged-messages)",
)


class Faults:
    """The faults of one process. The writer's thread may report faults too."""

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float] = time.monotonic) -> None:
        self._gauge = Gauge("satark_fault", "1 while there is a fault of this code", ("fault",), registry=registry)
        self._clock = clock
        self._now: dict[str, tuple[Fault, float | None]] = {}
        """Code → the fault, and the time at which the fault ends by itself."""
        self.groups: dict[str, set[str]] = {}
        """Group → the codes of its present faults."""

    def task_failed(self, name: str, failures: int) -> None:
        """Report a background task once it has failed three times in a row."""
        if failures >= _FAILURES:
            self.begin(failing_task(name), seconds=TASK_SECONDS)

    def begin(self, fault: Fault, *, seconds: float | None = None) -> None:
        """Report a fault, once until it is over. With `seconds` it ends by itself, unless it is reported again."""
        if fault.code not in self._now:
            log.error(f"fault: {fault}", code=fault.code)
            self._gauge.labels(fault.code).set(1)
        self._now[fault.code] = fault, None if seconds is None else self._clock() + seconds

    def end(self, code: str) -> None:
        """Report the end of a fault, if it existed."""
        if (found := self._now.pop(code, None)) is not None:
            log.info(f"fault is over: {found[0].text}", code=code)
            self._gauge.labels(code).set(0)

    def show(self, group: str, faults: Iterable[Fault]) -> None:
        """Report the faults found in a group: these exist, and all others of the group are over."""
        found = {fault.code: fault for fault in faults}
        for code in sorted(self.groups.get(group, set()) - found.keys()):
            self.end(code)
        for fault in found.values():
            self.begin(fault)
        self.groups[group] = set(found)

    def lasting(self) -> list[tuple[Fault, float]]:
        """Return the faults that end by themselves, each with its end by the system's monotonic clock."""
        return [(fault, until) for fault, until in list(self._now.values()) if until is not None]

    def take_over(self, lasting: Iterable[tuple[Fault, float]]) -> None:
        """Show faults that another process reported, until they end."""
        for fault, until in lasting:
            self.begin(fault, seconds=until - self._clock())

    def end_expired(self) -> None:
        """End the faults that were not reported again in time."""
        now = self._clock()
        for code in [code for code, (_, until) in list(self._now.items()) if until is not None and until <= now]:
            self.end(code)

    @property
    def of_machine(self) -> bool:
        """Whether there is a fault that no tip can have caused. Every office may see this."""
        return any(self.groups.get(group) for group in _OF_MACHINE)

    @property
    def current(self) -> list[Fault]:
        """The present faults; those that stop everything come first."""
        return sorted((fault for fault, _ in list(self._now.values())), key=lambda fault: (not fault.stops, fault.code))


def refusal_code(channel: str) -> str:
    """Return the code of the fault `refusing_provider`. Each call that the provider accepts ends this fault."""
    return f"provider_refuses:{channel}"


def refusing_provider(channel: str, code: str) -> Fault:
    """Return the fault of a provider that refuses every call: a revoked token, or a wrong setting."""
    return Fault(
        refusal_code(channel),
        f"{channel} refuses our calls with code {code}: its token was revoked or ran out, or a setting is wrong",
        f"set a new token in [{channel}] and restart; replies wait until then (docs/runbook.md#the-provider-refuses)",
    )


def refused_reply(channel: str, code: str) -> Fault:
    """Return the fault of a reply that a provider refuses for good, for example because it rejected a template."""
    return Fault(
        f"reply_refused:{channel}:{code}",
        f"{channel} refused a reply for good with code {code}",
        "look the code up at the provider (132…: a template is missing, paused or rejected); "
        "its tipster was not answered (docs/runbook.md#replies-are-refused)",
    )


def provider_alarm(channel: str, code: str) -> Fault:
    """Return the fault of a provider that reports a problem of the account."""
    return Fault(
        f"provider_alarm:{channel}:{code}",
        f"{channel} reports a problem of the account, code {code}",
        "look into the provider's console (docs/runbook.md#the-provider-reports-a-problem)",
    )


def refused_webhooks(channel: str) -> Fault:
    """Return the fault of a channel whose requests all have wrong signatures."""
    return Fault(
        f"webhooks_refused:{channel}",
        f"{channel} sends requests whose signature does not fit our secret, and none that does",
        f"compare the secret in [{channel}] with the provider's console, which sends them again for days "
        "(docs/runbook.md#nothing-is-answered)",
    )


def failing_hook(plugin: str, hook: str, text: str) -> Fault:
    """Return the fault of a plugin whose optional hook failed; tips go on without it."""
    return Fault(
        f"hook_fails:{plugin}:{hook}",
        text,
        "tips go on without it: mend the plugin or take it out of `plugins` (docs/runbook.md#a-plugin-fails)",
    )


def missing_text(language: str, key: str) -> Fault:
    """Return the fault of a text that a language lacks: citizens read it in English instead."""
    return Fault(
        f"text_missing:{language}:{key}",
        f"the language `{language}` lacks the text `{key}`, which is shown in English",
        "add it to the language's folder, or tell the part's author (docs/runbook.md#a-text-is-missing)",
    )


def failing_task(name: str) -> Fault:
    """Return the fault of a background task that fails again and again."""
    return Fault(
        f"task_fails:{name}",
        f"the background work `{name}` fails again and again",
        "the log's line `background task failed` names the error and its place (docs/runbook.md#background-work-fails)",
    )
