"""Merging links tips of one matter. One tip leads, and each tipster reads the leading tip's status in their own thread.

A merged tip keeps its thread, its files and its directions. Its tipster learns nothing of the leading tip but this:
their report is handled together with another, and then each status of the leading tip, without the messages to its
tipster. If a desk or officer without the merged tip sets a status of the leading one, the merged tip gets this status
when somebody who has both next acts on the leading tip.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from satark.api.tip import Message, Status
from satark.casework.casework import Casework
from satark.casework.opened_tip import OpenTip, TipSummary
from satark.dialogue.tip_status import status_changes
from satark.services import Services
from satark_words.contacts import find_contact

PASSED_ON: Final[frozenset[Status]] = frozenset(
    {"IN_REVIEW", "ASSIGNED", "VERIFYING", "ACTION", "ACTED", "UNCONFIRMED", "TRANSFERRED", "CLOSED", "SET_ASIDE"}
)
"""Statuses of a leading tip that are passed on to the tips merged into it. Each other status concerns the leading tip's
own tipster alone: a question was asked, or the tip was reopened because this tipster disputed the closing."""


def merged_into(casework: Casework, number: str) -> list[TipSummary]:
    """Return the tips of the desk that are merged into the tip of this number, directly or through another tip."""
    with casework.cache.lock:
        casework.cache.refresh()
        merged = [casework.cache.listed(tip).summary for tip, one in casework.cache.tips.items() if one.merged_into]
    led = defaultdict[str, list[TipSummary]](list)
    for summary in merged:
        if casework.may_read(summary.work):
            led[summary.work.merged_into].append(summary)
    return list(_below(number, led))


def _below(number: str, led: Mapping[str, Sequence[TipSummary]]) -> Iterator[TipSummary]:
    for summary in led.get(number, ()):
        yield summary
        yield from _below(summary.header.number, led)


def pass_on_status(services: Services, casework: Casework, tip: OpenTip) -> None:
    """Tell the tipsters of merged tips the leading tip's present status, unless they were told before.

    A tipster who disputed a closing is told nothing of the leading tip any more: their own tip is open again, and gets
    its own answer.
    """
    led = [one for one in merged_into(casework, tip.tip.number) if not one.work.disputed]
    news = _news_of(casework.open(tip.id), casework.desk) if led else None
    for summary in led:
        if news and summary.status != news.status:
            services.write_now(partial(casework.post, tip=casework.open(summary.id), message=news))


def _news_of(tip: OpenTip, desk: str) -> Message | None:
    """Return the message of `desk` to tipsters of merged tips: the leading tip's status and why it was closed."""
    changes = list(status_changes(posted.message for posted in tip.thread))
    if not changes or changes[-1][0] not in PASSED_ON:
        return None
    status, message = changes[-1]
    is_told = status == "CLOSED" and not find_contact(message.text)
    return Message(sender="desk", desk=desk, status=status, text=message.text if is_told else "")
