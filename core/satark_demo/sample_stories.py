"""The stories of the sample week: what made-up citizens tell, in Hindi and English."""

from __future__ import annotations

from typing import Final

import msgspec


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What one citizen tells."""

    name: str
    """By which the acts of the week find its tip."""
    language: str
    category: str
    """The code of the row that they tap."""
    what: str
    place: str
    photo: str = ""
    """Name of a sample photo that they send; empty: none."""
    reach: str = "no"
    """Whether they may be reached: `yes` or `no`."""


_FLOOD: Final = "अस्सी घाट की सीढ़ियों पर रोज़ शाम को जुआ चलता है, दस बारह लड़के बैठते हैं और पैसे लगते हैं"

STORIES: Final[tuple[Story, ...]] = (
    Story(
        name="liquor",
        language="hi",
        category="INTOX",
        what="लंका चौराहे के पीछे गोदाम में कच्ची शराब बनती है। रात दस बजे के बाद सफ़ेद पिकअप UP65 CT 4411 माल ले जाती है।",
        place="लंका चौराहा, वाराणसी",
        photo="pickup",
    ),
    Story(
        name="liquor_again",
        language="en",
        category="INTOX",
        what="Liquor is made in a shed behind Lanka crossing. A white pickup, UP65CT4411, takes it away late at night.",
        place="Lanka crossing, Varanasi",
    ),
    Story(
        name="gambling",
        language="hi",
        category="GAMBL",
        what="सिगरा में रोडवेज के पास बंद दुकान में सट्टा चलता है, शाम सात बजे से भीड़ लगती है।",
        place="रोडवेज, सिगरा, वाराणसी",
    ),
    Story(
        name="pistols",
        language="en",
        category="ARMS",
        what="A man sells country pistols from a tea stall near the Lanka gate. He killed before, all are afraid.",
        place="Lanka, Varanasi",
    ),
    Story(
        name="cattle",
        language="hi",
        category="COW",
        what="रात दो बजे नगर निगम के पीछे से ट्रक में गाय भरकर ले जाते हैं, हफ़्ते में दो बार।",
        place="नगर निगम, सिगरा, वाराणसी",
    ),
    Story(
        name="sand",
        language="en",
        category="MINE",
        what="Tractors take sand from the river bank at Nagwa at night without any permit, about fifteen each night.",
        place="Nagwa, Lanka, Varanasi",
        reach="yes",
    ),
    Story(
        name="overloaded",
        language="en",
        category="EXTORT",
        what="Overloaded trucks pass the Sigra crossing every night after money is handed over at a tea stall.",
        place="Sigra, Varanasi",
    ),
    Story(
        name="closed_too_soon",
        language="hi",
        category="INTOX",
        what="लल्लापुरा की गली में स्मैक की पुड़िया बिकती है, स्कूल के बच्चे भी ले रहे हैं।",
        place="लल्लापुरा, सिगरा, वाराणसी",
        photo="bottles",
    ),
    *(
        Story(name=f"flood_{number}", language="hi", category="GAMBL", what=_FLOOD, place="अस्सी घाट, वाराणसी")
        for number in range(6)
    ),
)
