"""The operations of reviews that both engines offer: the switches of the v3 contract."""

from typing import Any, Final

from reviews import services
from reviews.api.v3_shapes import present_kept, present_list, present_review
from rollout.switch import Switch

FEATURE: Final = "api_v4_reviews"


def _nothing(_: None) -> dict[str, Any]:
    return {}


LIST = Switch(FEATURE, "reviews.list", candidate=services.page, present=present_list, writes=False)
DETAIL = Switch(FEATURE, "reviews.detail", candidate=services.get, present=present_review, writes=False)
CREATE = Switch(FEATURE, "reviews.create", candidate=services.create, present=present_review, writes=True)
AMEND = Switch(FEATURE, "reviews.amend", candidate=services.amend, present=present_review, writes=True)
DELETE = Switch(FEATURE, "reviews.delete", candidate=services.delete, present=_nothing, writes=True)
KEPT = Switch(FEATURE, "reviews.kept", candidate=services.kept, present=present_kept, writes=False)
MODERATE = Switch(FEATURE, "reviews.moderate", candidate=services.rule, present=present_review, writes=True)
