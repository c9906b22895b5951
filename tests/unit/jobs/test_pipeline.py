"""The order of the jobs where it matters for money."""

from oracle.domain.records import Role, Stage
from oracle.jobs.pipeline import jobs_of


def test_verifier__signs_before_the_next_check_and_stakes_right_after_it() -> None:
    """A check may be long, and a verdict has a deadline; missing data may turn up until the stake."""
    order = [stage for stage, _ in jobs_of([Role.VERIFIER, Role.KEEPER])]
    wanted = [Stage.SIGN, Stage.RELAY, Stage.VERIFY, Stage.CHALLENGE, Stage.TIME_OUT, Stage.EXECUTE]
    assert [stage for stage in order if stage in wanted] == wanted
    assert order.index(Stage.CHALLENGE) == order.index(Stage.VERIFY) + 1
