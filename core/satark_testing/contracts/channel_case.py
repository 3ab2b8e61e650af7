"""The description of a channel, which its author gives to the kit."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from satark.api.channel import Channel, RawRequest
from satark.api.inbound import Address, Event
from satark.api.outbound import Call, Delivered
from satark.api.prompt import Capabilities, Choice, Prompt, ReceiptPicture, VoiceNote
from satark_testing.contracts.forgeries import Proven
from satark_testing.contracts.provider_peer import Peer

Meaning: TypeAlias = Event | Delivered | str
"""An event, a late result of a call, or the code of an alarm."""
_SYLLABLE: Final = "की"
"""Two code points that show as one character. Providers count two, and a wrong split separates them."""
_WORD: Final = "शब्द"
SAID: Final = "क्‍ष १२ MiX 👩‍👩‍👧 ✔️\n\nمرحبا \u0958\u0928\u093c 1234 5678 9012 3456 ½ (٣) <b>&amp;</b> *_~`\\ 🎲"
"""A text that is easily damaged: joined emoji, ZWJ, line breaks, a receipt's digits, right-to-left text, markup,
and letters with a dot in two forms, each of which a normalisation changes."""
CLIPS: Final = ("hi-0123456789abcdef", "hi-fedcba9876543210")
"""Names of clips, of which voice notes are made."""
_LABELS: Final = ("<b>&amp;</b> *_", "हाँ & <7", "▶")
_TAPPED: Final = (Choice("what_kind:Arms_and-Bombs_2:1z", "हाँ"), Choice("what_kind:Arms_and-Bombs_3:1z", "नहीं"))
_STEP: Final = 5
"""A prime: choices are named in steps of it, so that neither labels nor tokens are in the order of the alphabet."""


class ChannelCase(Proven, frozen=True, kw_only=True):
    """A channel, and what its checks need. It has the fields of `Proven` too."""

    channel: Channel
    """A channel that is not open yet."""
    to: Address
    """The address of the sender of `genuine`."""
    genuine: Sequence[RawRequest]
    """Requests with the provider's true signature; together they contain every one of `identifiers` and `texts`.

    At least two messages come from one sender. Each is another message, also where two have the same words.
    """
    identifiers: Sequence[str]
    """Every phone number, id, name, user name and file name in `genuine`. Only an `Address` may hold one of them."""
    texts: Sequence[str]
    """The texts that people wrote in `genuine`, each message complete."""
    accepts: Callable[[Call], None] = lambda _: None
    """Raises an exception if the provider would refuse the call."""
    peer: Peer | None = None
    """The provider. It is required if the channel makes calls or fetches files."""
    means: Sequence[tuple[RawRequest, Sequence[Meaning]]] = ()
    """Genuine requests with their whole meaning: their events, then late results, then the codes of alarms.

    Examples: pins, files, voice notes, edits, withdrawals, a changed address, a late "failed", and `[]` for a read
    mark or a group's message. The kit compares the kind and caption of a `Media`, the text of an edit (and its
    `original` if you give one), the token of a tap, the call and class of a late result; of `Unsupported` nothing.
    """
    tapped: Callable[[Choice], RawRequest] | None = None
    """Makes the request in which a person taps a choice. It is required of a channel with buttons or rows."""
    stale: Sequence[RawRequest] = ()
    """Genuine requests that are too old, or from the future; required if a header of `genuine` holds the time."""
    moved_to: Sequence[Address] = ()
    """The new addresses of the people whose address changes in `genuine` and `means`; empty: `to`."""
    keyed_by_time: bool = False
    """Whether the provider gives messages no id, so that a key consists of sender and time, as in Signal."""
    redelivered: Sequence[tuple[RawRequest, RawRequest]] = ()
    """Pairs of requests that deliver the same event, for a provider that changes the rest of a repeated request."""
    replies: Sequence[tuple[RawRequest, bytes]] = ()
    """Requests that the provider wants answered, each with the body of the response, such as the challenge by which it
    tries a new address."""

    def taps(self) -> list[tuple[Choice, RawRequest]]:
        """Return choices, each with the request of a tap on it."""
        return [(choice, self.tapped(choice)) for choice in _TAPPED] if self.tapped else []

    def of_each_address(self) -> list[RawRequest]:
        """Return `genuine`, and a request of `means` or a tap for each address that has none there."""
        others = {raw.path: raw for raw in (*(raw for raw, _ in self.means), *(raw for _, raw in self.taps()))}
        known = {raw.path for raw in self.genuine}
        return [*self.genuine, *(raw for path, raw in others.items() if path not in known and self._is_proven(raw))]

    def _is_proven(self, raw: RawRequest) -> bool:
        return raw.method == self.genuine[0].method and self.proven_by != "path"


def prompts_at_the_limits(capabilities: Capabilities) -> Iterator[Prompt]:
    """Yield prompts whose parts are as long as the medium allows, in a script with combining characters."""
    yield Prompt(text=_fill(capabilities.text), language="hi")
    yield Prompt(text=_fill(capabilities.body), language="hi", wants="pin", actions=_choices(1, 4))
    if capabilities.buttons:
        buttons = _choices(capabilities.buttons, capabilities.button_label, capabilities.token)
        yield Prompt(text=_fill(capabilities.body), language="hi", choices=buttons, wants="choice")
        yield Prompt(text=_SYLLABLE, language="hi", choices=buttons[:-1], actions=buttons[-1:], wants="choice")
    if capabilities.rows:
        rows = _choices(capabilities.rows, capabilities.row_label, capabilities.token, capabilities.row_description)
        menu = _fill(capabilities.menu_label)
        yield Prompt(text=_fill(capabilities.body), language="hi", choices=rows, menu_label=menu, wants="choice")
        few, actions = rows[:-2], rows[-2:]
        yield Prompt(text=_SYLLABLE, language="hi", wants="choice", choices=few, actions=actions, menu_label=menu)


def prompts_of_every_kind(limits: Capabilities, text: str, mark: str = "") -> Iterator[Prompt]:
    """Yield a prompt with this text of each kind that the medium can show. Each token ends with the mark."""
    length = min(filter(None, (limits.button_label, limits.row_label)), default=0) or None
    *choices, turn = (Choice(f"t{number}{mark}", label[:length]) for number, label in enumerate(_LABELS))
    yield Prompt(text=text, language="hi")
    yield Prompt(text=text, language="hi", wants="pin")
    if limits.buttons or limits.rows:
        page = Prompt(text=text, language="hi", choices=(*choices,), menu_label="☰", wants="choice")
        yield page
        if max(limits.buttons, limits.rows) >= len(_LABELS):
            yield replace(page, choices=(*choices, turn), turns=(turn,))
    if limits.calls:
        yield Prompt(text=text, language="hi", choices=(*choices,), call="☎")
    for language in limits.forms[:1]:
        yield Prompt(text=text, language=language, choices=(*choices,), menu_label="☰", form=f"form{mark}")


def with_attachments(number: int, text: str) -> Prompt:
    """Return a prompt with a voice note and a receipt's picture, each of which is for one person."""
    button = Choice(f"t{number}open", _LABELS[0])
    receipt = ReceiptPicture(code=f"{number:04} 5678 9012 3456", caption=f"{number} {SAID}", button=button)
    return Prompt(text=text, language="hi", receipt=receipt, spoken=VoiceNote((CLIPS[0], ("hi", f"{number} कि"))))


def numbered_prompt(length: int) -> Prompt:
    """Return a prompt of distinct, numbered words, so that a lost word is detected."""
    words: list[str] = []
    while sum(map(len, words)) + len(words) + len(_WORD) + 4 < length:
        words.append(f"{_WORD}{len(words)}")
    return Prompt(text=" ".join(words), language="hi", must_arrive=True)


def lost_words(prompt: Prompt, text: str) -> int:
    """Count the words of a prompt that a text does not contain in the same order."""
    found = iter(text.split())
    return sum(word not in found for word in prompt.text.split())


def _choices(count: int, label: int, token: int = 20, description: int = 0) -> tuple[Choice, ...]:
    names = [f"{(number * _STEP + 2) % (count + (count % _STEP == 0)):x}" for number in range(count)]
    return tuple(Choice(name.ljust(token, "t"), _fill(label, name), _fill(description, f"~{name}")) for name in names)


def _fill(length: int, start: str = "") -> str:
    return (start + _SYLLABLE * length)[:length]


def strings_of(value: Any) -> Iterator[str]:
    """Yield every text in JSON data, or in what `msgspec.to_builtins` returns."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings_of(part)
