"""What can go wrong in casework: each message says why, and holds no tip content."""

from __future__ import annotations

import msgspec

from satark.desk import CaseworkError


class NoSuchTip(CaseworkError):  # noqa: N818 - it reads as what it says, like those below
    """The desk has no such tip: there is none, or it was never sealed to this desk, which is the same."""

    def __init__(self) -> None:
        super().__init__("this desk has no tip of that number")


class NoSuchFile(CaseworkError):  # noqa: N818
    """The tip has no such file, or it is not there in the form that was asked for."""

    def __init__(self) -> None:
        super().__init__("the tip has no such file")


class NotHeard(CaseworkError):  # noqa: N818
    """A tipster's own voice is heard by officers who may, at the desk, disguised; nobody else gets it in any form."""

    def __init__(self) -> None:
        super().__init__("a tipster's voice is heard only at the desk, by an officer who may listen")


class NoDraft(CaseworkError):  # noqa: N818
    """There is no speech recogniser for the tip's language, or it could make nothing of the recording."""

    def __init__(self) -> None:
        super().__init__("no machine could write this recording out")


class OneOfficer(CaseworkError):  # noqa: N818
    """What takes two officers was asked for by one."""

    def __init__(self) -> None:
        super().__init__("originals take two different officers")


class Agreement(msgspec.Struct, frozen=True):
    """Two officers of one desk who agreed to open what one alone may not.

    Raises:
        OneOfficer: (when made) they are the same.
    """

    first: str
    second: str

    def __post_init__(self) -> None:
        if not self.first or not self.second or self.first == self.second:
            raise OneOfficer
