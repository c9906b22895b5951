"""Servers over HTTP, faked on loopback: honest answers, every way to misbehave, and servers without our processor."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oracle.domain.errors import BadInput, GengovError, Refused, Unreachable
from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.jobs.sample import require_class
from oracle.model import load_runner
from oracle.model.embedded import EmbeddedRunner
from oracle.model.http_pool import Pool
from oracle.model.options import EngineOptions
from oracle.model.runner_http import HttpRunner
from tests.support.fake_openai import FakeOpenAi
from tests.support.tiny_llama import build_tiny_llama, compact_schema

SEED = bytes(range(32))
PROMPT = "Who gets paid this week? "
SCHEMA = compact_schema(1, 3)
SAMPLER = Sampler(max_tokens=24, numeric_class="F", tau=1000)
COUNT = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def embedded(folder: Path) -> EmbeddedRunner:
    return EmbeddedRunner(folder, "fp32")


@pytest.fixture(scope="module")
def expected(embedded: EmbeddedRunner) -> list[RawSample]:
    return embedded.generate(PROMPT, SCHEMA, SEED, range(COUNT), SAMPLER)


Serve = Callable[..., FakeOpenAi]


@pytest.fixture
def serve(folder: Path) -> Iterator[Serve]:
    started: list[FakeOpenAi] = []

    def start(**options: Any) -> FakeOpenAi:
        started.append(FakeOpenAi(folder, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def options(*servers: FakeOpenAi, **more: Any) -> EngineOptions:
    return EngineOptions.model_validate({"urls": [server.url for server in servers]} | more)


def open_at(folder: Path, *servers: FakeOpenAi, patience: float = 5, attempts: int = 4) -> HttpRunner:
    """A runner that does not really wait between tries."""
    pool = Pool([server.url for server in servers], parallel=2, attempts=attempts, patience=patience, pause=_blink)
    return HttpRunner(folder, options(*servers), pool)


def _blink(seconds: float) -> None:
    time.sleep(0.001)


def generate(runner: HttpRunner, count: int = COUNT) -> list[RawSample]:
    return runner.generate(PROMPT, SCHEMA, SEED, range(count), SAMPLER)


# -- servers that run our processor -----------------------------------------------------------------------------------


def test_two_servers__draw_what_the_embedded_engine_draws_and_share_the_work(
    folder: Path, serve: Serve, expected: list[RawSample]
) -> None:
    servers = serve(), serve()
    runner = load_runner(folder, "http", options(*servers))
    seen: list[tuple[int, int]] = []
    drawn = runner.generate(PROMPT, SCHEMA, SEED, range(COUNT), SAMPLER, lambda *done: seen.append(done))
    assert drawn == expected
    assert (runner.name, runner.numeric_class, runner.logits_hash) == (f"http:{folder.name}", "F", b"")
    assert seen[-1] == (sum(len(sample.token_ids) for sample in expected), COUNT)
    assert [done for _, done in seen] == list(range(1, COUNT + 1))
    assert all(len(server.bodies) > 1 for server in servers)


def test_check__honest_and_forged__found_as_by_the_embedded_engine(
    folder: Path, serve: Serve, embedded: EmbeddedRunner, expected: list[RawSample]
) -> None:
    runner = open_at(folder, serve(), serve())
    forged = [replace(one, token_ids=one.token_ids[:-1]) for one in expected[:2]]
    forged += [replace(expected[2], token_ids=(*expected[2].token_ids, 0)), replace(expected[4], index=3)]
    for samples in (expected, forged):
        found = list(runner.check(PROMPT, SCHEMA, SEED, samples, SAMPLER))
        own = list(embedded.check(PROMPT, SCHEMA, SEED, samples, SAMPLER))
        assert [(f.index, len(f.mismatches), f.tokens, f.text, f.finished) for f in found] == [
            (o.index, len(o.mismatches), o.tokens, o.text, o.finished) for o in own
        ]
    assert all(one.mismatches for one in found)


def test_server_in_16_bits__is_of_class_b(folder: Path, serve: Serve) -> None:
    runner = open_at(folder, serve(numeric_class="B"))
    assert runner.numeric_class == "B"
    with pytest.raises(Refused, match="class B"):
        runner.check(PROMPT, SCHEMA, SEED, [], SAMPLER)


def test_server_that_hides_the_processors_values__draws_but_cannot_check(
    folder: Path, serve: Serve, expected: list[RawSample]
) -> None:
    server = serve()
    server.processed = False
    runner = open_at(folder, server)
    assert generate(runner) == expected
    with pytest.raises(Refused, match="do not tell") as caught:
        runner.check(PROMPT, SCHEMA, SEED, expected, SAMPLER)
    assert "--logprobs-mode processed_logits" in caught.value.hint


def test_processor_of_another_version__is_refused_in_its_own_words(folder: Path, serve: Serve) -> None:
    server = serve()
    server.grammar = "llguidance/0"
    with pytest.raises(Refused, match="gengov: the request is bound to grammar"):
        open_at(folder, server)


# -- misbehaviour -----------------------------------------------------------------------------------------------------

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
    runner = open_at(folder, slow, good, patience=0.5)
    slow.always = fault
    slow.hang = 2.0
    assert generate(runner, 2) == expected[:2]


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
    pool = Pool([server.url], parallel=1, pause=pauses.append)
    runner = HttpRunner(folder, options(server), pool)
    server.faults.append(429)
    assert generate(runner, 1) == expected[:1]
    assert 6 < max(pauses) <= 7


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


# -- start ------------------------------------------------------------------------------------------------------------


def test_no_server_answers__unreachable_naming_each(folder: Path, serve: Serve) -> None:
    servers = serve(), serve()
    for server in servers:
        server.stop()
    with pytest.raises(Unreachable, match="no server answers") as caught:
        open_at(folder, *servers)
    assert all(server.url in caught.value.message for server in servers)
    assert "oracle/README.md" in caught.value.hint


def test_servers_that_differ__are_refused(folder: Path, serve: Serve) -> None:
    with_it, without = serve(), serve(plugin=False)
    with pytest.raises(Refused, match="the servers differ") as caught:
        open_at(folder, with_it, without)
    assert f"{with_it.url} class F" in caught.value.message
    assert f"{without.url} class N" in caught.value.message


def test_model_that_is_not_served__is_refused_with_those_that_are(folder: Path, serve: Serve) -> None:
    server = serve(name="other")
    with pytest.raises(Refused, match="does not serve 'mine', but other"):
        HttpRunner(folder, options(server, served_model="mine"))


def test_no_address__is_bad_input(folder: Path) -> None:
    with pytest.raises(BadInput, match="no server"):
        HttpRunner(folder, EngineOptions.model_validate({}))


def test_key__comes_from_a_file_and_is_never_told(
    folder: Path, serve: Serve, tmp_path: Path, expected: list[RawSample], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve()
    server.key = "sesame-open"
    file = tmp_path / "key.txt"
    file.write_text("sesame-open\n")
    file.chmod(0o600)
    assert generate(HttpRunner(folder, options(server, key_file=file)), 2) == expected[:2]
    assert set(server.keys) == {"Bearer sesame-open"}
    told = caplog.text
    for wrong in ({}, {"key_file": _file(tmp_path, "wrong-key\n")}):
        with pytest.raises(Refused, match="status 401: the key is refused") as caught:
            HttpRunner(folder, options(server, **wrong))
        told += str(caught.value) + repr(caught.value)
    server.always = 500
    runner = HttpRunner(folder, options(server, key_file=file, attempts=1))
    with pytest.raises(Unreachable) as failed:
        generate(runner, 1)
    told += str(failed.value) + caplog.text + repr(vars(runner)) + repr(runner._pool.servers)
    assert "sesame" not in told
    assert "wrong-key" not in told


def _file(folder: Path, content: str) -> Path:
    path = folder / "other-key.txt"
    path.write_text(content)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("content", "mode", "error", "told"),
    [
        ("", 0o600, BadInput, "no key"),
        ("two words\u2713", 0o600, BadInput, "no key"),
        ("key", 0o644, Refused, "can be read by others"),
    ],
)
def test_key_file__empty_or_open_to_all__is_told(
    folder: Path, tmp_path: Path, content: str, mode: int, error: type[GengovError], told: str
) -> None:
    file = tmp_path / "key"
    file.write_text(content, encoding="utf-8")
    file.chmod(mode)
    chosen = EngineOptions.model_validate({"urls": ["http://127.0.0.1:9"], "key_file": file})
    with pytest.raises(error, match=told):
        HttpRunner(folder, chosen)


# -- servers without our processor ------------------------------------------------------------------------------------


@pytest.fixture
def plain(serve: Serve) -> FakeOpenAi:
    server = serve(plugin=False)
    server.answer = '{"a":1}'
    return server


@pytest.mark.parametrize("refuses", [False, True])
def test_plain_server__draws_in_class_n(folder: Path, plain: FakeOpenAi, refuses: bool) -> None:
    plain.refuse_arguments = refuses
    runner = open_at(folder, plain)
    assert runner.numeric_class == "N"
    drawn = generate(runner, 3)
    assert [(one.index, one.text, one.finished) for one in drawn] == [(i, '{"a":1}', True) for i in range(3)]
    asked = plain.bodies[-3:]
    assert all("vllm_xargs" not in body and body["temperature"] == 1.0 for body in asked)
    assert len({body["seed"] for body in asked}) == 3
    assert all(body["response_format"]["json_schema"]["schema"] == SCHEMA for body in asked)


def test_plain_server__cannot_check_and_says_who_can(folder: Path, plain: FakeOpenAi) -> None:
    with pytest.raises(Refused, match="cannot check") as caught:
        open_at(folder, plain).check(PROMPT, SCHEMA, SEED, [], SAMPLER)
    assert "exact" in caught.value.hint
    assert "oracle/README.md" in caught.value.hint


@pytest.mark.parametrize("bound", ["E", "F", "B"])
def test_class_n__is_refused_for_posting_unless_the_sampler_is_of_class_n(
    folder: Path, plain: FakeOpenAi, bound: str
) -> None:
    runner = open_at(folder, plain)
    with pytest.raises(Refused, match=f"binds answers of class {bound}, .* draws N") as caught:
        require_class(runner, replace(SAMPLER, numeric_class=bound))
    assert "processor" in caught.value.hint
    require_class(runner, replace(SAMPLER, numeric_class="N"))


def test_answer_longer_than_the_limit__counts_as_unfinished(folder: Path, plain: FakeOpenAi) -> None:
    plain.answer = '{"a":' + "1" * 60 + "}"
    (sample,) = generate(open_at(folder, plain), 1)
    assert len(sample.token_ids) == SAMPLER.max_tokens
    assert not sample.finished


# -- the pool ---------------------------------------------------------------------------------------------------------


def test_pool__failing_server_rests__and_is_asked_again_later(folder: Path, serve: Serve) -> None:
    now = [0.0]
    bad, good = serve(), serve()
    pool = Pool([bad.url, good.url], parallel=1, pause=_blink, clock=lambda: now[0])
    runner = HttpRunner(folder, options(bad, good), pool)
    bad.faults.append(500)
    generate(runner)
    asked = len(bad.bodies)
    assert asked <= 3, "the failing server went on being asked"
    now[0] = 60.0
    generate(runner)
    assert len(bad.bodies) > asked


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
