"""The jobs in the order of the data's way."""

from collections.abc import Callable

from oracle.domain.records import Stage
from oracle.jobs.context import Context, Step
from oracle.jobs.execute import execute
from oracle.jobs.fix_seed import fix_seed
from oracle.jobs.forfeit import forfeit
from oracle.jobs.post import post
from oracle.jobs.queue import queue
from oracle.jobs.reveal import reveal
from oracle.jobs.roll import roll
from oracle.jobs.sample import sample
from oracle.jobs.select import select
from oracle.jobs.settle import settle
from oracle.jobs.settle_reward import settle_reward
from oracle.jobs.view import View

Job = Callable[[Context, View], Step | None]

PIPELINE: tuple[tuple[Stage, Job], ...] = (
    (Stage.REVEAL, reveal),
    (Stage.SETTLE, settle),
    (Stage.FIX_SEED, fix_seed),
    (Stage.SAMPLE, sample),
    (Stage.SELECT, select),
    (Stage.POST, post),
    (Stage.FORFEIT, forfeit),
    (Stage.QUEUE, queue),
    (Stage.EXECUTE, execute),
    (Stage.ROLL, roll),
    (Stage.SETTLE_REWARD, settle_reward),
)
"""Each job does at most one thing and says so; None means that nothing of its kind is due."""
