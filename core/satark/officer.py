"""Contract for officers' tools: what a desk does with its tips, and how a desk's key is made and changed."""

from satark.audit.acts import ACT_KINDS, Act, ActKind
from satark.audit.keys import ensure_key as ensure_audit_key
from satark.audit.keys import renew_key as renew_audit_key
from satark.audit.reading import ActFilter, ActPage, ReadAct, Viewer, read_acts, viewer
from satark.audit.trail import Trail
from satark.audit.witness import contains_head, current_head
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
from satark.casework.approvals import two_officers
from satark.casework.bulk import BULK_KINDS, MOST_TIPS, BulkAct, BulkKind, BulkOutcome, check_all, perform_all
from satark.casework.clocks import Clocks, Offices, band_end, marks_for
from satark.casework.desk_act import ACT_NAMES, MAX_TEXT, ActName, ActRefused, DeskAct, Problem
from satark.casework.desk_acts import DeskActs
from satark.casework.errors import NotTheseTwoOfficers, SecondOfficerRequired, VoiceAccessDenied
from satark.casework.flood_groups import FloodGroup, flood_groups
from satark.casework.keeping import Keeping, StepRefused
from satark.casework.officer_names import with_officer
from satark.casework.offices import offices_of
from satark.casework.opened_tip import summarize
from satark.casework.pack_export import export_pack
from satark.casework.related_tips import RelatedTip, related_tips
from satark.casework.release_rules import RELEASABLE
from satark.casework.sender_hints import MarkedText, SenderHints, marked, sender_hints, text_hints
from satark.casework.tip_cache import Progress, TipCache
from satark.casework.tip_keeping import TipKeeping
from satark.casework.work import Direction, Work, WorkMark
from satark.casework.working_time import WorkingTime
from satark.custody.audit import LogHead
from satark.custody.chain import Form
from satark.custody.manifest import Issuer
from satark.delivery.faults import DestinationFault, destination_faults
from satark.evidence.own_voice import is_muted, may_contain_voice, may_hear_voices
from satark.printing.sheet import SheetPage, make_sheet
from satark.remote.office_outbox import queue_key_change
from satark.retention.schedule import NoRetentionKey
from satark.roster.chain import read_state
from satark.roster.entries import (
    RECOVERY,
    RIGHTS,
    ROLES,
    Closed,
    DeskAdded,
    DestinationSet,
    Entry,
    KeyChange,
    OfficerSet,
    Right,
    Role,
    RosterOfficer,
    Signature,
    decode_entry,
    desk_verifier,
    encode_entry,
    is_statement_signed,
    new_key_change,
    officer_signer,
    sign_as_desk,
    sign_as_officer,
    sign_statement,
)
from satark.roster.proposals import (
    NoSuchProposal,
    NotAllowed,
    Proposal,
    all_proposals,
    carry_out,
    check_proposal,
    find_proposal,
    missing_signatures,
    propose,
    still_needed,
    store_signed,
    withdraw,
)
from satark.roster.roster import Roster, desk_problems
from satark.roster.state import RosterState
from satark.routing.desks import (
    add_desk,
    all_desks,
    change_key,
    check_desk,
    close_roster,
    find_desk,
    finish_key_change,
)
from satark.speech.synthetic_voice import MIME as SYNTHETIC_MIME
from satark.speech.synthetic_voice import SyntheticVoiceError, can_speak, speak
from satark_files.recordings.voice import MIME as DISGUISED_MIME

__all__ = [
    "ACT_KINDS",
    "ACT_NAMES",
    "BULK_KINDS",
    "DISGUISED_MIME",
    "MAX_TEXT",
    "MOST_TIPS",
    "RECOVERY",
    "RELEASABLE",
    "RIGHTS",
    "ROLES",
    "SYNTHETIC_MIME",
    "Act",
    "ActFilter",
    "ActKind",
    "ActName",
    "ActPage",
    "ActRefused",
    "BulkAct",
    "BulkKind",
    "BulkOutcome",
    "Casework",
    "Clocks",
    "Closed",
    "DeskAct",
    "DeskActs",
    "DeskAdded",
    "DestinationFault",
    "DestinationSet",
    "Direction",
    "Entry",
    "FloodGroup",
    "Form",
    "Issuer",
    "Keeping",
    "KeyChange",
    "LogHead",
    "MarkedText",
    "NoRetentionKey",
    "NoSuchFile",
    "NoSuchProposal",
    "NoSuchTip",
    "NoTranscript",
    "NotAllowed",
    "NotTheseTwoOfficers",
    "OfficerSet",
    "Offices",
    "OpenTip",
    "PostedMessage",
    "Problem",
    "Progress",
    "Proposal",
    "ReadAct",
    "RelatedTip",
    "Right",
    "Role",
    "Roster",
    "RosterOfficer",
    "RosterState",
    "SecondOfficerRequired",
    "SenderHints",
    "SheetPage",
    "Signature",
    "StepRefused",
    "SyntheticVoiceError",
    "TipCache",
    "TipKeeping",
    "TipSummary",
    "Trail",
    "TwoOfficerApproval",
    "Viewer",
    "VoiceAccessDenied",
    "Work",
    "WorkMark",
    "WorkingTime",
    "add_desk",
    "all_desks",
    "all_proposals",
    "band_end",
    "can_speak",
    "carry_out",
    "change_key",
    "check_all",
    "check_desk",
    "check_proposal",
    "close_roster",
    "contains_head",
    "current_head",
    "decode_entry",
    "desk_problems",
    "desk_verifier",
    "destination_faults",
    "encode_entry",
    "ensure_audit_key",
    "export_pack",
    "find_desk",
    "find_proposal",
    "finish_key_change",
    "flood_groups",
    "is_muted",
    "is_statement_signed",
    "make_sheet",
    "marked",
    "marks_for",
    "may_contain_voice",
    "may_hear_voices",
    "missing_signatures",
    "new_key_change",
    "officer_signer",
    "offices_of",
    "perform_all",
    "propose",
    "queue_key_change",
    "read_acts",
    "read_state",
    "related_tips",
    "renew_audit_key",
    "sender_hints",
    "sign_as_desk",
    "sign_as_officer",
    "sign_statement",
    "speak",
    "still_needed",
    "store_signed",
    "summarize",
    "text_hints",
    "two_officers",
    "viewer",
    "with_officer",
    "withdraw",
]
