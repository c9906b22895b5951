"""One module per arrow of the way; each job is a function of chain state and ledger, and run twice changes nothing."""

from oracle.jobs.context import Context, Step
from oracle.jobs.pipeline import PIPELINE
from oracle.jobs.runner import run_due

__all__ = ["PIPELINE", "Context", "Step", "run_due"]
