"""The admin's pages of the rollout: features and their moves, the ledger, the workers."""

from rollout.admin.flags import FlagAdmin
from rollout.admin.reading import StageChangeAdmin, WorkerAdmin

__all__ = ["FlagAdmin", "StageChangeAdmin", "WorkerAdmin"]
