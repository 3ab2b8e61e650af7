"""The status of a tip, as its messages give it: for the tipster's mailbox and for the desks."""

from collections.abc import Iterable, Iterator

from satark.api.tip import Message, Status

FEEDBACK_STATUSES: frozenset[Status] = frozenset({"ACTED", "CLOSED"})
"""The statuses at which the tipster is asked whether the work of the police helped."""
INITIAL_STATUS: Status = "RECEIVED"
"""The status of a tip until a desk sets one."""


def is_dispute(message: Message, status: Status) -> bool:
    """Return whether a tipster's message to a tip with this status says that the work of the police did not help.

    Words in place of an answer dispute only a closing: after a closing, they are rarely thanks.
    """
    if message.sender != "tipster":
        return False
    denied = message.feedback in {"no", "again"} and status in FEEDBACK_STATUSES
    return denied or (message.feedback == "words" and status == "CLOSED")


def status_changes(messages: Iterable[Message]) -> Iterator[tuple[Status, Message]]:
    """Yield each status of a tip with the message that set it: each status of a desk, and that of the first dispute.

    The tipster's receipt opens the thread without internal messages; its statuses are the same.
    """
    status: Status = INITIAL_STATUS
    disputed = False
    for message in messages:
        if message.sender == "desk" and message.status:
            status = message.status
            yield status, message
        elif not disputed and is_dispute(message, status):
            status, disputed = "REOPENED", True
            yield status, message


def present_status(messages: Iterable[Message]) -> Status:
    """Return the status of a tip after these messages; see `status_changes`."""
    changes = list(status_changes(messages))
    return changes[-1][0] if changes else INITIAL_STATUS
