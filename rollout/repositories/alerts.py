"""The doors to alerts and their outbox."""

from typing import TYPE_CHECKING

from jewgo.core.repository import Repository

if TYPE_CHECKING:
    from rollout.models import Alert, Delivery


class AlertRepository(Repository["Alert"]):
    """What is wrong, and what was."""


class DeliveryRepository(Repository["Delivery"]):
    """What is to be sent, and what was."""
