"""Contract for officers' tools: what a desk does with its tips, and how a desk's key is made and changed."""

from satark.casework import Agreement, Casework, NoDraft, NoSuchFile, NoSuchTip, OpenTip, Posted, Summary
from satark.casework.opened import summarize
from satark.casework.pack_export import export_pack
from satark.custody.chain import Form
from satark.custody.manifest import Issuer
from satark.delivery.faults import DestinationFault, destination_faults
from satark.evidence.own_voice import may_contain_voice, may_hear_voices
from satark.evidence.recordings.disguise import MIME as DISGUISED_MIME
from satark.remote.office_outbox import change_key
from satark.routing.desks import add_desk, all_desks, find_desk, narrow, widen

__all__ = [
    "DISGUISED_MIME",
    "Agreement",
    "Casework",
    "DestinationFault",
    "Form",
    "Issuer",
    "NoDraft",
    "NoSuchFile",
    "NoSuchTip",
    "OpenTip",
    "Posted",
    "Summary",
    "add_desk",
    "all_desks",
    "change_key",
    "destination_faults",
    "export_pack",
    "find_desk",
    "may_contain_voice",
    "may_hear_voices",
    "narrow",
    "summarize",
    "widen",
]
