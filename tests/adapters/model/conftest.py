"""Fake servers of one small model, and what the embedded engine says to the same question."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oracle.domain.sample import RawSample
from oracle.model.embedded import EmbeddedRunner
from tests.support.fake_openai import FakeOpenAi
from tests.support.http_servers import COUNT, PROMPT, SAMPLER, SCHEMA, SEED, Serve
from tests.support.tiny_llama import build_tiny_llama


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def embedded(folder: Path) -> EmbeddedRunner:
    return EmbeddedRunner(folder, "fp32")


@pytest.fixture(scope="module")
def expected(embedded: EmbeddedRunner) -> list[RawSample]:
    return embedded.generate(PROMPT, SCHEMA, SEED, range(COUNT), SAMPLER)


@pytest.fixture
def serve(folder: Path) -> Iterator[Serve]:
    started: list[FakeOpenAi] = []

    def start(**options: Any) -> FakeOpenAi:
        started.append(FakeOpenAi(folder, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()
