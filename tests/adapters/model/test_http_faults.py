"""Every way in which a server misbehaves: tried again, left, or told, and never believed."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from oracle.domain.errors import Refused, Unreachable
from oracle.domain.sample import RawSample
from oracle.model.embedded import EmbeddedRunner
from oracle.model.http_pool import Pool
from oracle.model.runner_http import HttpRunner
from tests.support.http_servers import COUNT, PROMPT, SAMPLER, SCHEMA, SEED, Serve, blink, generate, open_at, options

# -- misbehaviour ----------------------------------------------------------------------------------------------------


TRANSIENT = [429, 500, 503, "garbage", "list", "drop", "short", "long", "foreign", "two", "none"]


@pytest.mark.parametrize("fault", TRANSIENT)
def test_one_failure__is_tried_again_and_changes_nothing(
    folder: Path, serve: Serve, expected: list[RawSample], fault: int | str
) -> None:
    server = serve()
    runner = open_at(folder, server)
    server.faults.extend([fault])
    assert generate(runner) == expected
    assert len(server.bodies) == 1 + COUNT + 1


@pytest.mark.parametrize("fault", [500, "drop", "garbage", "foreign"])
def test_one_server_that_always_fails__the_other_takes_over(
    folder: Path, serve: Serve, expected: list[RawSample], fault: int | str
) -> None:
    bad, good = serve(), serve()
    runner = open_at(folder, bad, good)
    bad.always = fault
    assert generate(runner) == expected


def test_server_that_dies__the_other_takes_over(folder: Path, serve: Serve, expected: list[RawSample]) -> None:
    dying, good = serve(), serve()
    runner = open_at(folder, dying, good)
    dying.stop()
    assert generate(runner) == expected


def test_server_that_is_dead_at_start__is_left_out_and_named(
    folder: Path, serve: Serve, expected: list[RawSample]
) -> None:
    dead, good = serve(), serve()
    dead.stop()
    runner = open_at(folder, dead, good)
    assert generate(runner) == expected
    assert list(runner.absent) == [dead.url]
    assert "no connection" in runner.absent[dead.url]


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_server_that_is_too_slow__counts_as_failed(
    folder: Path, serve: Serve, expected: list[RawSample], fault: str
) -> None:
    slow, good = serve(), serve()
    runner = open_at(folder, slow, good, patience=1.5)
    slow.always = fault
    slow.hang = 4.0
    assert generate(runner, 2) == expected[:2]


@pytest.mark.parametrize(("fault", "told"), [("hang", "no answer in time"), ("drip", "no whole answer within 1 s")])
def test_all_servers_are_too_slow__says_so(folder: Path, serve: Serve, fault: str, told: str) -> None:
    slow = serve()
    runner = open_at(folder, slow, patience=1, attempts=1)
    slow.always, slow.hang = fault, 4.0
    with pytest.raises(Unreachable, match=told):
        generate(runner, 1)


@pytest.mark.parametrize("fault", [429, 500, "garbage", "short"])
def test_all_servers_fail__unreachable_after_the_tries_with_the_last_reason(
    folder: Path, serve: Serve, fault: int | str
) -> None:
    server = serve()
    runner = open_at(folder, server, attempts=3)
    server.always = fault
    with pytest.raises(Unreachable, match="no server answered after 3 tries; the last: ") as caught:
        generate(runner, 1)
    assert len(server.bodies) == 1 + 3
    assert caught.value.exit_code == 4
    assert caught.value.hint


def test_error_that_no_try_can_mend__ends_at_once(folder: Path, serve: Serve) -> None:
    server = serve()
    runner = open_at(folder, server)
    server.always = 404
    with pytest.raises(Refused, match="status 404: fault 404"):
        generate(runner, 1)
    assert len(server.bodies) == 1 + 1


def test_busy_server_that_names_a_pause__is_given_it(folder: Path, serve: Serve, expected: list[RawSample]) -> None:
    pauses: list[float] = []
    server = serve()
    server.retry_after = "7"
    pool = Pool([server.url], parallel=1, pause=pauses.append, clock=lambda: 0.0)
    runner = HttpRunner(folder, options(server), pool)
    server.faults.append(429)
    assert generate(runner, 1) == expected[:1]
    assert pauses == [7]


def test_token_that_the_rule_does_not_draw__passes_the_shape_and_is_found_by_a_check(
    folder: Path, serve: Serve, embedded: EmbeddedRunner, expected: list[RawSample]
) -> None:
    """Whoever runs the servers can lie in what the grammar allows: that is what a check is for."""
    server = serve()
    runner = open_at(folder, server)
    other = runner.generate(PROMPT, SCHEMA, bytes(32), range(COUNT), SAMPLER)
    found = list(embedded.check(PROMPT, SCHEMA, SEED, other, SAMPLER))
    assert any(one.mismatches for one in found)


def test_checks_values_missing__tried_again_then_unreachable(
    folder: Path, serve: Serve, expected: list[RawSample]
) -> None:
    server = serve()
    runner = open_at(folder, server, attempts=2)
    server.faults.append("silent")
    assert [one.mismatches for one in runner.check(PROMPT, SCHEMA, SEED, expected[:1], SAMPLER)] == [()]
    server.always = "silent"
    with pytest.raises(Unreachable, match="without values"):
        list(runner.check(PROMPT, SCHEMA, SEED, expected[:1], SAMPLER))


# -- the pool --------------------------------------------------------------------------------------------------------


def test_pool__failing_server_rests__and_is_asked_again_later(folder: Path, serve: Serve) -> None:
    now = [0.0]
    bad, good = serve(), serve()
    pool = Pool([bad.url, good.url], parallel=1, pause=blink, clock=lambda: now[0])
    runner = HttpRunner(folder, options(bad, good), pool)
    bad.faults.append(500)
    generate(runner)
    asked = len(bad.bodies)
    assert asked <= 3, "the failing server went on being asked"
    now[0] = 60.0
    good.stop()
    generate(runner)
    assert len(bad.bodies) >= asked + COUNT


def test_pool__never_more_under_way_than_allowed(serve: Serve) -> None:
    server = serve()
    most, under_way, lock = [0], [0], threading.Lock()
    pool = Pool([server.url], parallel=3)
    ask = pool.ask

    def counted(*arguments: Any) -> dict[str, Any]:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        try:
            time.sleep(0.01)
            return ask(*arguments)
        finally:
            with lock:
                under_way[0] -= 1

    pool.ask = counted  # type: ignore[method-assign]
    body = {"model": "model", "prompt": [1], "max_tokens": 1}
    assert len(pool.map(range(20), "/v1/completions", lambda _: body, lambda job, _: job)) == 20
    assert most[0] == 3


def test_pool__answer_without_end__is_cut(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.model.http_pool._LARGEST", 10)
    server = serve()
    with pytest.raises(Unreachable, match="an answer of more than"):
        Pool([server.url], attempts=1).map([0], "/v1/completions", lambda _: {"prompt": []}, lambda _, answer: answer)
