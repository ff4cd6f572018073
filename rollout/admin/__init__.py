"""The admin's pages of the rollout: features and their moves, the ledger, flight records, the workers, alerts."""

from rollout.admin.alerts import AlertAdmin
from rollout.admin.flags import FlagAdmin
from rollout.admin.flights import FlightRecordAdmin
from rollout.admin.reading import StageChangeAdmin, WorkerAdmin

__all__ = ["AlertAdmin", "FlagAdmin", "FlightRecordAdmin", "StageChangeAdmin", "WorkerAdmin"]
