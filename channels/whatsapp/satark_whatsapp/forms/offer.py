"""The interactive message that opens a form.

Source: Meta's OpenAPI document v23.0, interactive messages of type `flow`: message version 3, at most 30 characters on
the button. `flow_token` comes back with what was filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from satark.api import Prompt
from satark_whatsapp.forms.flow_json import FIRST_SCREEN


def form_control(prompt: Prompt, forms: Mapping[str, str], mode: str) -> dict[str, Any] | None:
    """Return the control that opens the form which a prompt offers; None where it offers none.

    Args:
        prompt: what is said above it.
        forms: language → Meta's id of the form.
        mode: whether it is `published` or a `draft`.
    """
    flow_id = forms.get(prompt.language) if prompt.form else None
    if flow_id is None:
        return None
    parameters = {
        "flow_message_version": "3",
        "flow_id": flow_id,
        "flow_token": prompt.form,
        "flow_cta": prompt.menu_label,
        "mode": mode,
        "flow_action": "navigate",
        "flow_action_payload": {"screen": FIRST_SCREEN},
    }
    return {"type": "flow", "action": {"name": "flow", "parameters": parameters}}
