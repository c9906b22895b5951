"""The jobs in the order of the data's way, and which of them each role does."""

from collections.abc import Callable, Collection

from oracle.domain.records import Role, Stage
from oracle.jobs.context import Context, Step
from oracle.jobs.disputes.challenge import challenge
from oracle.jobs.disputes.close import release, time_out, withdraw
from oracle.jobs.disputes.judge import relay, sign
from oracle.jobs.disputes.publish import publish
from oracle.jobs.disputes.verify import verify
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
_ALL = frozenset(Role)
_POSTER, _VERIFIER, _KEEPER = (frozenset({role}) for role in Role)

PIPELINE: tuple[tuple[Stage, Job, frozenset[Role]], ...] = (
    (Stage.REVEAL, reveal, _POSTER),
    (Stage.SETTLE, settle, _POSTER | _KEEPER),
    (Stage.FIX_SEED, fix_seed, _POSTER | _KEEPER),
    (Stage.SAMPLE, sample, _POSTER),
    (Stage.SELECT, select, _POSTER),
    (Stage.POST, post, _POSTER),
    (Stage.FORFEIT, forfeit, _KEEPER),
    (Stage.PUBLISH, publish, _POSTER),
    (Stage.SIGN, sign, _VERIFIER),
    (Stage.RELAY, relay, _VERIFIER),
    (Stage.VERIFY, verify, _VERIFIER),
    (Stage.CHALLENGE, challenge, _VERIFIER),
    (Stage.TIME_OUT, time_out, _VERIFIER | _KEEPER),
    (Stage.QUEUE, queue, _KEEPER),
    (Stage.EXECUTE, execute, _KEEPER),
    (Stage.ROLL, roll, _KEEPER),
    (Stage.SETTLE_REWARD, settle_reward, _KEEPER),
    (Stage.RELEASE, release, _POSTER),
    (Stage.WITHDRAW, withdraw, _ALL),
)
"""Each job does at most one thing and says so; None means that nothing of its kind is due.

The veto window comes before execution, and an oracle does not execute what failed its own check. What was checked is
signed and relayed before the next check, which may be long; the check comes right before the stake, for missing data
may have turned up.
"""


def jobs_of(roles: Collection[Role]) -> list[tuple[Stage, Job]]:
    """What an oracle with these roles does, in order."""
    return [(stage, job) for stage, job, does in PIPELINE if does & frozenset(roles)]
