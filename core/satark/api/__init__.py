"""The plugin API: the types, protocols and functions that a plugin uses.

`from satark.api import hookimpl, Channel, Prompt, …` is the only import that a plugin needs. Each module of this
package covers one subject. None imports a module of the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from satark.api.background import ProviderClient, backoff, file_chunks, keep_running, read_answer, run_in_thread
from satark.api.channel import (
    Channel,
    Endpoint,
    ErasingChannel,
    ListeningChannel,
    MediaGone,
    Outcome,
    PageChannel,
    RawRequest,
    RawResponse,
    Receive,
)
from satark.api.egress import egress_connector, open_connection
from satark.api.flow import (
    BEFORE_SENDING,
    MAILBOX,
    AcceptedAnswer,
    BaseStepType,
    Condition,
    Flow,
    FormQuestion,
    FormView,
    GivenAnswer,
    NoSettings,
    Option,
    Question,
    Questionnaire,
    RefusedAnswer,
    Session,
    Step,
    StepType,
    Turn,
    Validator,
    View,
    actions_of,
    question_text,
)
from satark.api.hooks import hookimpl
from satark.api.inbound import (
    Address,
    Batch,
    CompleteTip,
    Edited,
    Event,
    FormPage,
    Inbound,
    Malformed,
    Media,
    MediaKind,
    MediaRef,
    Moved,
    Pin,
    Revoked,
    Tap,
    Text,
    Unsupported,
    parse_each,
)
from satark.api.observability import FaultFinder, Kind, LifecycleEvent, OperatorError, Redacted, describe_error, log
from satark.api.outbound import (
    Accepted,
    Blocked,
    Call,
    Delivered,
    Misconfigured,
    Permanent,
    SendResult,
    Throttled,
    Transient,
    WindowClosed,
    seconds_to_wait,
)
from satark.api.prompt import (
    NEXT_PAGE,
    Capabilities,
    Choice,
    Prompt,
    ReceiptPicture,
    VoiceNote,
    clip_name,
    command_token,
    make_token,
    parse_token,
)
from satark.api.providers import (
    Ask,
    CallProvider,
    CallRequest,
    CallStep,
    CallVerb,
    CallWebhook,
    GoOn,
    HangUp,
    IncomingSms,
    Line,
    ListeningCallProvider,
    NoDraft,
    Pace,
    Pause,
    Record,
    Say,
    SmsProvider,
    SmsWebhook,
    Transcriber,
)
from satark.api.routing import (
    DESK_SINK,
    LEVELS,
    CaseworkError,
    CoveredRule,
    Desk,
    Destination,
    DestinationRule,
    KeyChanged,
    Level,
    NoSuchDesk,
    RouteAdvice,
    Screening,
)
from satark.api.sealing import (
    CantOpen,
    check_recipient,
    decrypt_stream,
    encrypt_stream,
    new_identity,
    open_as,
    recipient_of,
    seal,
    size_class,
)
from satark.api.services import (
    Branch,
    ChannelContext,
    CommandHost,
    DeskContext,
    DestinationReader,
    Drafts,
    Ingest,
    OpenedTip,
    Prepared,
    Services,
    UnitOfWork,
    VoiceNotes,
    WebContext,
    WorkerContext,
    command_host,
)
from satark.api.settings import CoreSettings, SettingProblem, Settings, SettingsError, provider_url
from satark.api.sink import (
    Carrier,
    CarrierConnection,
    CarrierError,
    DeadLetter,
    Delivery,
    DeliveryResult,
    Done,
    ListeningSink,
    MessageRejected,
    OfficeLink,
    ReadableTip,
    ReadingSink,
    Retry,
    SealedCopy,
    SealedFile,
    SealedMessage,
    Sink,
)
from satark.api.tip import (
    FINISHED_STATUSES,
    HANDOFF_DIGITS,
    OUTCOMES,
    RECEIPT_DIGITS,
    STATUSES,
    Accused,
    CaseStep,
    Envelope,
    Evidence,
    Header,
    Message,
    Place,
    Priority,
    Release,
    RetentionStep,
    Status,
    Tip,
)
from satark_files.decoding import decode_json
from satark_files.origin import Origin
from satark_files.scrubber import Cleaned, LeftOut, Reason, Scrubber, Unclean

if TYPE_CHECKING:
    from satark.api.web import (
        FORM_LIMIT,
        PAGE_HEADERS,
        FormError,
        Page,
        PageHeaders,
        SameOrigin,
        page_templates,
        preferred,
        read_form,
        read_pairs,
        stream_file,
    )

VERSION: Final = 1
"""Version of this API. It rises when a name goes or changes; new names do not raise it.

A plugin states the version that it is written for, `requires_api = 1`, in the module of its entry point.
"""

__all__ = [
    "BEFORE_SENDING", "DESK_SINK", "FINISHED_STATUSES", "FORM_LIMIT", "HANDOFF_DIGITS", "LEVELS", "MAILBOX",
    "NEXT_PAGE", "OUTCOMES", "PAGE_HEADERS", "RECEIPT_DIGITS", "STATUSES", "VERSION", "Accepted", "AcceptedAnswer",
    "Accused", "Address", "Ask", "BaseStepType", "Batch", "Blocked", "Branch", "Call", "CallProvider",
    "CallRequest", "CallStep", "CallVerb", "CallWebhook", "CantOpen", "Capabilities", "Carrier",
    "CarrierConnection", "CarrierError", "CaseStep", "CaseworkError", "Channel", "ChannelContext", "Choice",
    "Cleaned", "CommandHost", "CompleteTip", "Condition", "CoreSettings", "CoveredRule",
    "DeadLetter", "Delivered", "Delivery", "DeliveryResult", "Desk", "DeskContext", "Destination",
    "DestinationReader", "DestinationRule", "Done", "Drafts", "Edited", "Endpoint", "Envelope", "ErasingChannel",
    "Event", "Evidence", "FaultFinder", "Flow", "FormError", "FormPage", "FormQuestion", "FormView", "GivenAnswer",
    "GoOn", "HangUp", "Header", "Inbound", "IncomingSms", "Ingest", "KeyChanged", "Kind", "LeftOut", "Level",
    "LifecycleEvent", "Line", "ListeningCallProvider", "ListeningChannel", "ListeningSink", "Malformed", "Media",
    "MediaGone", "MediaKind",
    "MediaRef", "Message", "MessageRejected", "Misconfigured", "Moved", "NoDraft", "NoSettings", "NoSuchDesk",
    "OfficeLink", "OpenedTip", "OperatorError", "Option", "Origin", "Outcome", "Pace", "Page", "PageChannel",
    "PageHeaders", "Pause", "Permanent", "Pin", "Place", "Prepared", "Priority", "Prompt", "ProviderClient", "Question",
    "Questionnaire", "RawRequest", "RawResponse", "ReadableTip", "ReadingSink", "Reason", "ReceiptPicture",
    "Receive", "Record", "Redacted", "RefusedAnswer", "Release", "RetentionStep", "Retry", "Revoked",
    "RouteAdvice", "SameOrigin", "Say", "Screening", "Scrubber", "SealedCopy", "SealedFile", "SealedMessage",
    "SendResult", "Services", "Session", "SettingProblem", "Settings", "SettingsError",
    "Sink", "SmsProvider", "SmsWebhook", "Status", "Step", "StepType", "Tap", "Text",
    "Throttled", "Tip", "Transcriber", "Transient", "Turn", "Unclean", "UnitOfWork", "Unsupported",
    "Validator", "View", "VoiceNote", "VoiceNotes", "WebContext", "WindowClosed", "WorkerContext", "actions_of",
    "backoff", "check_recipient", "clip_name", "command_host", "command_token", "decode_json", "decrypt_stream",
    "describe_error", "egress_connector", "encrypt_stream", "file_chunks", "hookimpl", "keep_running", "log",
    "make_token", "new_identity", "open_as", "open_connection", "page_templates", "parse_each", "parse_token",
    "preferred", "provider_url", "question_text", "read_answer", "read_form", "read_pairs", "recipient_of",
    "run_in_thread", "seal", "seconds_to_wait", "size_class", "stream_file",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a name for web pages on first use: its libraries take longer to import than everything else."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from satark.api import web  # noqa: PLC0415 - see above

    return getattr(web, name)
