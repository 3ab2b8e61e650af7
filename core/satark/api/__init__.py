"""The plugin API: the types, protocols and functions that a plugin uses.

`from satark.api import hookimpl, Channel, Prompt, …` is the only import that a plugin needs. Each module of this
package covers one subject, and lists in `__all__` which of its names a plugin uses. None imports a module of the host.
"""

from typing import TYPE_CHECKING, Any, Final

from satark.api import (
    background,
    channel,
    egress,
    flow,
    hooks,
    inbound,
    observability,
    outbound,
    prompt,
    providers,
    routing,
    sealing,
    services,
    settings,
    sink,
    tip,
)
from satark.api.background import *
from satark.api.channel import *
from satark.api.egress import *
from satark.api.flow import *
from satark.api.hooks import *
from satark.api.inbound import *
from satark.api.observability import *
from satark.api.outbound import *
from satark.api.prompt import *
from satark.api.providers import *
from satark.api.routing import *
from satark.api.sealing import *
from satark.api.services import *
from satark.api.settings import *
from satark.api.sink import *
from satark.api.tip import *
from satark_files.decoding import decode_json
from satark_files.origin import Origin
from satark_files.scrubber import Cleaned, LeftOut, Reason, Scrubber, Unclean

if TYPE_CHECKING:
    from satark.api.web import *

VERSION: Final = 1
"""Version of this API. It rises when a name goes or changes; new names do not raise it.

A plugin states the version that it is written for, `requires_api = 1`, in the module of its entry point.
"""

__all__ = [
    "FORM_LIMIT", "PAGE_HEADERS", "VERSION", "Cleaned", "FormError", "LeftOut", "Origin", "Page", "PageHeaders",
    "Reason", "SameOrigin", "Scrubber", "Unclean", "decode_json", "page_templates", "preferred", "read_form",
    "read_pairs", "stream_file",
]  # fmt: skip
__all__ += background.__all__
__all__ += channel.__all__
__all__ += egress.__all__
__all__ += flow.__all__
__all__ += hooks.__all__
__all__ += inbound.__all__
__all__ += observability.__all__
__all__ += outbound.__all__
__all__ += prompt.__all__
__all__ += providers.__all__
__all__ += routing.__all__
__all__ += sealing.__all__
__all__ += services.__all__
__all__ += settings.__all__
__all__ += sink.__all__
__all__ += tip.__all__


def __getattr__(name: str) -> Any:
    """Import a name for web pages on first use: its libraries take longer to import than everything else."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from satark.api import web  # noqa: PLC0415 - see above

    return getattr(web, name)
