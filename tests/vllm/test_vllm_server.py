"""Two real servers of `gengov model serve`, over HTTP: the same samples as the embedded engine, whoever serves them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests

from oracle.chain.devnode import free_port
from oracle.domain.errors import Refused
from oracle.domain.verdict import acceptable
from oracle.model import forcing
from oracle.model.embedded import EmbeddedRunner
from oracle.model.options import EngineOptions
from oracle.model.runner_http import HttpRunner
from tests.support.models import FLOAT, ROOT, SHIPPED, the_task

SEED = bytes(range(32))
COUNT = 100
TASK = the_task()
KEY = "of-the-tests"
PATIENCE = 280


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def await_health(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            try:
                if requests.get(f"{self.url}/health", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.5)
        raise AssertionError(f"not up after {PATIENCE} s: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)


def start(folder: Path, key_file: Path, number: int) -> Server:
    port, log = free_port(), folder / f"server-{number}.log"
    settings = {"GENGOV_ENGINE": "vllm", "GENGOV_ENGINE_THREADS": "1", "GENGOV_ENGINE_MEMORY": "0.25"}
    command = [sys.executable, "-m", "oracle", "model", "serve", str(SHIPPED), "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--key-file", str(key_file)],
            cwd=ROOT,
            env=dict(os.environ) | settings,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Server(process, f"http://127.0.0.1:{port}", log)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "key"
    file.write_text(KEY + "\n")
    file.chmod(0o600)
    return file


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, key_file: Path) -> Iterator[list[Server]]:
    """Both start at once: most of it is reading libraries."""
    folder = tmp_path_factory.mktemp("servers")
    started = [start(folder, key_file, number) for number in range(2)]
    try:
        for server in started:
            server.await_health()
        yield started
    finally:
        for server in started:
            server.stop()


@pytest.fixture(scope="module")
def runner(servers: list[Server], key_file: Path) -> HttpRunner:
    return opened(servers, key_file)


def opened(servers: list[Server], key_file: Path) -> HttpRunner:
    options = {"urls": [server.url for server in servers], "key_file": key_file, "parallel": 50, "patience": 200}
    return HttpRunner(SHIPPED, EngineOptions.model_validate(options))


@pytest.fixture(scope="module")
def embedded() -> EmbeddedRunner:
    return EmbeddedRunner(SHIPPED, "fp32")


def test_two_servers__draw_100_samples_that_the_embedded_engine_upholds(
    runner: HttpRunner, embedded: EmbeddedRunner
) -> None:
    assert (runner.numeric_class, runner.absent) == ("F", {})
    samples = runner.generate(TASK.prompt, TASK.schema, SEED, range(COUNT), FLOAT)
    found = list(embedded.check(TASK.prompt, TASK.schema, SEED, samples, FLOAT))
    assert [one for one in found if one.mismatches] == []
    assert samples == embedded.generate(TASK.prompt, TASK.schema, SEED, range(COUNT), FLOAT)


def test_two_servers__check_what_the_embedded_engine_drew_and_catch_a_swap(
    runner: HttpRunner, embedded: EmbeddedRunner
) -> None:
    samples = embedded.generate(TASK.prompt, TASK.schema, SEED, range(COUNT), FLOAT)
    assert acceptable(FLOAT, list(runner.check(TASK.prompt, TASK.schema, SEED, samples, FLOAT)))
    swapped = [replace(one, index=COUNT - 1 - one.index) for one in samples]
    found = list(runner.check(TASK.prompt, TASK.schema, SEED, swapped, FLOAT))
    expected = list(embedded.check(TASK.prompt, TASK.schema, SEED, swapped, FLOAT))
    assert not acceptable(FLOAT, found)
    assert [[m.position for m in one.mismatches] for one in found] == [
        [m.position for m in one.mismatches] for one in expected
    ]


def test_request_without_an_order__is_served_as_anywhere(servers: list[Server]) -> None:
    body = {"model": SHIPPED.name, "prompt": "Answer:\n", "max_tokens": 4, "temperature": 1.0}
    answer = requests.post(
        f"{servers[0].url}/v1/completions", json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=60
    )
    assert answer.status_code == 200
    assert answer.json()["usage"]["completion_tokens"] >= 1


def test_order_of_another_version__is_answered_with_both_versions(servers: list[Server]) -> None:
    order = replace(forcing.Order(SEED.hex(), 0, canary=True), grammar="llguidance/0")
    body = {"model": SHIPPED.name, "prompt": [1], "max_tokens": 1, "temperature": 0}
    answer = requests.post(
        f"{servers[0].url}/v1/completions",
        json=body | {"vllm_xargs": {forcing.ARGUMENT: order.dumps()}},
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=60,
    )
    assert answer.status_code == 400
    assert "gengov: the request is bound to grammar llguidance/0, this engine has llguidance/1.9.1" in answer.text


def test_wrong_key__is_refused(servers: list[Server]) -> None:
    with pytest.raises(Refused, match="status 401"):
        HttpRunner(SHIPPED, EngineOptions.model_validate({"urls": [servers[0].url]}))


def test_server_that_dies__the_other_goes_on(servers: list[Server], key_file: Path, embedded: EmbeddedRunner) -> None:
    """The last test: it leaves one server."""
    runner = opened(servers, key_file)
    servers[0].stop()
    samples = runner.generate(TASK.prompt, TASK.schema, SEED, range(20), FLOAT)
    assert samples == embedded.generate(TASK.prompt, TASK.schema, SEED, range(20), FLOAT)
    assert "CRITICAL" not in servers[1].log.read_text()
