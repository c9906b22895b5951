"""Fake servers of one small model, the runner on them, and what the embedded engine says to the same question."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from oracle.domain.sample import RawSample
from oracle.domain.sampler import Sampler
from oracle.model.http_pool import Pool
from oracle.model.options import EngineOptions
from oracle.model.runner_http import HttpRunner
from tests.support.fake_openai import FakeOpenAi
from tests.support.tiny_llama import compact_schema

SEED = bytes(range(32))
PROMPT = "Who gets paid this week? "
SCHEMA = compact_schema(1, 3)
SAMPLER = Sampler(max_tokens=24, numeric_class="F", tau=1000)
COUNT = 6

Serve = Callable[..., FakeOpenAi]


def options(*servers: FakeOpenAi, **more: Any) -> EngineOptions:
    return EngineOptions.model_validate({"urls": [server.url for server in servers]} | more)


def open_at(folder: Path, *servers: FakeOpenAi, patience: float = 5, attempts: int = 4) -> HttpRunner:
    """A runner that does not really wait between tries."""
    pool = Pool([server.url for server in servers], parallel=2, attempts=attempts, patience=patience, pause=blink)
    return HttpRunner(folder, options(*servers), pool)


def blink(seconds: float) -> None:
    time.sleep(0.001)


def generate(runner: HttpRunner, count: int = COUNT) -> list[RawSample]:
    return runner.generate(PROMPT, SCHEMA, SEED, range(count), SAMPLER)
