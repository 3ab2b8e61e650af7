"""Contract for officers' tools: what a desk does with its tips, and how a desk's key is made and changed."""

from satark.casework import (
    Casework,
    NoSuchFile,
    NoSuchTip,
    NoTranscript,
    OpenTip,
    PostedMessage,
    TipSummary,
    TwoOfficerApproval,
)
from satark.casework.opened_tip import summarize
from satark.casework.pack_export import export_pack
from satark.custody.chain import Form
from satark.custody.manifest import Issuer
from satark.delivery.faults import DestinationFault, destination_faults
from satark.evidence.own_voice import may_contain_voice, may_hear_voices
from satark.evidence.recordings.disguise import MIME as DISGUISED_MIME
from satark.remote.office_outbox import queue_key_change
from satark.routing.desks import add_desk, all_desks, begin_key_change, end_key_change, find_desk

__all__ = [
    "DISGUISED_MIME",
    "Casework",
    "DestinationFault",
    "Form",
    "Issuer",
    "NoSuchFile",
    "NoSuchTip",
    "NoTranscript",
    "OpenTip",
    "PostedMessage",
    "TipSummary",
    "TwoOfficerApproval",
    "add_desk",
    "all_desks",
    "begin_key_change",
    "destination_faults",
    "end_key_change",
    "export_pack",
    "find_desk",
    "may_contain_voice",
    "may_hear_voices",
    "queue_key_change",
    "summarize",
]
