"""Tips of a desk that are related to one of them, found in what is opened in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from satark.api.observability import Redacted
from satark.casework.opened_tip import TipSummary
from satark.casework.related.index import Reason

if TYPE_CHECKING:
    from satark.casework.casework import Casework
    from satark.casework.opened_tip import OpenTip


class RelatedTip(Redacted, frozen=True, kw_only=True):
    """A tip of the desk that is related to another."""

    summary: TipSummary
    reasons: Mapping[Reason, str]
    """Why, each with the number that both have; empty where the reason is no number."""


def related_tips(casework: Casework, tip: OpenTip) -> list[RelatedTip]:
    """Return the tips of the same desk that are related to one, the strongest reasons first.

    What is not opened yet is opened first, as for a search; from then on a look-up takes about a millisecond.
    """
    cache = casework.cache
    with cache.lock:
        cache.refresh()
        cache.open_documents()
        found = [(one, cache.tips[one.tip]) for one in cache.related.find(tip.id)]
        every = [RelatedTip(summary=cached.summary(one.tip), reasons=one.reasons) for one, cached in found]
    return [one for one in every if casework.may_read(one.summary.work)]
