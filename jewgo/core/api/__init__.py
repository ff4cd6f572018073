"""What an app's API is made of: views of both contracts, strict input, answers, conditional requests."""

from jewgo.core.api.answer import Answer, v4_kept
from jewgo.core.api.strict import PageQuery, StrictSerializer
from jewgo.core.api.v3 import V3View, lenient_int, v3_envelope
from jewgo.core.api.v4 import V4View, v4_conditional, v4_response
from jewgo.core.conditional import etag_for, list_etag, not_modified, require_match

__all__ = [
    "Answer",
    "PageQuery",
    "StrictSerializer",
    "V3View",
    "V4View",
    "etag_for",
    "lenient_int",
    "list_etag",
    "not_modified",
    "require_match",
    "v3_envelope",
    "v4_conditional",
    "v4_kept",
    "v4_response",
]
