"""Servers over HTTP, faked on loopback: honest answers, how a run starts, and servers without our processor."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from oracle.domain.errors import BadInput, GengovError, Refused, Unreachable
from oracle.domain.sample import RawSample
from oracle.jobs.sample import require_class
from oracle.model import load_runner
from oracle.model.embedded import EmbeddedRunner
from oracle.model.options import EngineOptions
from oracle.model.runner_http import HttpRunner
from tests.support.fake_openai import FakeOpenAi
from tests.support.http_servers import COUNT, PROMPT, SAMPLER, SCHEMA, SEED, Serve, generate, open_at, options

# -- servers that run our processor ----------------------------------------------------------------------------------


def test_two_servers__draw_what_the_embedded_engine_draws_and_share_the_work(
    folder: Path, serve: Serve, expected: list[RawSample]
) -> None:
    servers = serve(), serve()
    runner = load_runner(folder, "http", options(*servers))
    for server in servers:
        server.hang = 0.3
        server.faults.append("hang")  # long enough that the other one is asked meanwhile
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


# -- start -----------------------------------------------------------------------------------------------------------


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


# -- servers without our processor -----------------------------------------------------------------------------------


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
