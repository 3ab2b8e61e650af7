"""The types of Meta's webhooks. Fields that are not listed here are never decoded: user names, file names.

Source: Meta, WhatsApp Business Platform, "Webhooks > Reference > messages", and Meta's OpenAPI document v23.0, schemas
`WebhookPayload`, `IncomingMessage` and `Statuses`; BSUID fields: "Business-scoped user IDs".
"""

import re
from typing import Annotated, Any

from msgspec import Meta, Raw, Struct, field

from satark_whatsapp.errors import GraphError

is_bsuid = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[0-9A-Za-z]{1,128}").fullmatch
"""Match a BSUID: a country code, a dot and up to 128 letters and digits."""


class Profile(Struct):
    """A sender's profile. The name is compared with contact cards, to recognize the sender's own, and then dropped."""

    name: str | None = None


class Contact(Struct):
    """One sender of the webhook's messages: links a phone number with a BSUID."""

    wa_id: str | None = None
    user_id: str | None = None
    profile: Profile | None = None


class TextNode(Struct):
    """`text`."""

    body: str


class MediaNode(Struct):
    """`image`, `video`, `audio`, `document`, `sticker`. `sha256` is base64; `voice` marks a voice note."""

    id: Annotated[str, Meta(min_length=1)]
    mime_type: str | None = None
    sha256: str | None = None
    caption: str | None = None
    voice: bool | None = None


class LocationNode(Struct):
    """`location`, in degrees; `name` and `address` where the sender picked a place."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    name: str | None = None
    address: str | None = None


class CardName(Struct):
    formatted_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class CardPhone(Struct):
    phone: str | None = None
    wa_id: str | None = None


class Card(Struct):
    """One of `contacts` in a message: a contact card."""

    name: CardName | None = None
    phones: list[CardPhone] | None = None
    origin: str | None = None


class ChosenReply(Struct):
    """A tapped button or row."""

    id: str
    title: str | None = None


class FormReply(Struct):
    """`nfm_reply`: a filled-in form. `name` is `flow`; other kinds of forms have other names."""

    response_json: str
    name: str | None = None


class InteractiveNode(Struct):
    """`interactive`: a tapped button or row, or a filled-in form; other kinds have none of them."""

    type: str | None = None
    button_reply: ChosenReply | None = None
    list_reply: ChosenReply | None = None
    nfm_reply: FormReply | None = None


class ButtonNode(Struct):
    """`button`: a tapped quick reply of a template."""

    text: str | None = None
    payload: str | None = None


class SystemNode(Struct):
    """`system`: the sender's number or BSUID changed."""

    type: str | None = None
    wa_id: str | None = None
    new_wa_id: str | None = None
    user_id: str | None = None
    previous_user_id: str | None = None


class EditedNode(Struct):
    """The new content of an edited message."""

    text: TextNode | None = None
    image: MediaNode | None = None
    video: MediaNode | None = None
    document: MediaNode | None = None


class EditNode(Struct):
    """`edit`."""

    original_message_id: str
    message: EditedNode | None = None


class RevokeNode(Struct):
    """`revoke`."""

    original_message_id: str


class UnsupportedNode(Struct):
    """`unsupported`: names the kind of a message that Meta does not pass on."""

    type: str | None = None


class MessageHead(Struct):
    """What the answer to a message needs."""

    id: str | None = None
    wa_id: str | None = field(default=None, name="from")
    user_id: str | None = field(default=None, name="from_user_id")
    group_id: str | None = None
    """Set if the message was sent to a group."""


class WhatsAppMessage(MessageHead):
    """One of `messages`; `type` names the node that the message has."""

    type: str | None = None
    timestamp: str | None = None
    text: TextNode | None = None
    image: MediaNode | None = None
    video: MediaNode | None = None
    audio: MediaNode | None = None
    document: MediaNode | None = None
    sticker: MediaNode | None = None
    location: LocationNode | None = None
    contacts: list[Card] | None = None
    interactive: InteractiveNode | None = None
    button: ButtonNode | None = None
    system: SystemNode | None = None
    edit: EditNode | None = None
    revoke: RevokeNode | None = None
    unsupported: UnsupportedNode | None = None


class MessageStatus(Struct):
    """One of `statuses`: the delivery status of a message that Satark sent. A failed one comes without contacts."""

    status: str
    errors: list[GraphError] | None = None
    biz_opaque_callback_data: str | None = None


class CallSession(Struct):
    """`session` of a call: the offer of the connection."""

    sdp: str


class CallEvent(Struct):
    """One of `calls`: somebody calls (`connect`) or a call is over (`terminate`)."""

    id: str
    event: str
    timestamp: str | None = None
    direction: str | None = None
    wa_id: str | None = field(default=None, name="from")
    user_id: str | None = field(default=None, name="from_user_id")
    session: CallSession | None = None
    cta_payload: str | None = None
    """The data that the call button returned, if the caller tapped it."""


class Metadata(Struct):
    """The number that the change is about."""

    phone_number_id: str


class Value(Struct):
    """The value of a change: messages in the field `messages`, calls in `calls`."""

    metadata: Metadata | None
    contacts: list[Contact]
    messages: list[WhatsAppMessage]
    statuses: list[MessageStatus]
    errors: list[GraphError]
    calls: list[CallEvent]


class Change(Struct):
    """One change of a business account, whose value is not decoded yet."""

    value: dict[str, Raw]
    field: Any = ""


class WebhookEntry(Struct):
    """The changes of one WhatsApp business account."""

    changes: list[Raw]


class Webhook(Struct):
    object: str
    entry: list[Raw]
