"""The writes of the v3 contract: the switches, and what v4's rules may refuse of what v3 took."""

import logging
from typing import Any, Final

from restaurants import rules, services
from restaurants.api.v3_forms import ValidationFailed
from restaurants.api.v3_shapes import present_list, present_place
from restaurants.services import amending
from restaurants.values import Draft
from rollout.switch import Switch, Toggle

logger = logging.getLogger(__name__)

RESTAURANTS: Final = "api_v4_restaurants"


def _nothing(_: None) -> dict[str, Any]:
    return {}


CREATE = Switch(RESTAURANTS, "restaurants.create", candidate=services.accept, present=present_place, writes=True)
AMEND = Switch(RESTAURANTS, "restaurants.amend", candidate=amending.amend, present=present_place, writes=True)
DELETE = Switch(RESTAURANTS, "restaurants.delete", candidate=amending.discard, present=_nothing, writes=True)
KEPT = Switch(RESTAURANTS, "restaurants.kept", candidate=amending.kept, present=present_list, writes=False)
VALIDATION = Toggle("api_v4_validation")


def hold_against_rules(draft: Draft) -> None:
    """Refuse what docs/migration.md lists; write any other finding of v4's rules to the log only."""
    found = rules.findings(draft)
    refused = [problem for problem in found if problem.code in rules.EXTRA_REFUSALS]
    if refused:
        raise ValidationFailed(problems=refused)
    if found:
        logger.info("v3 write breaks rules of v4", extra={"fields": {"findings": [problem.code for problem in found]}})
