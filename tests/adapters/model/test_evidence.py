"""Verifiers whose engines work differently hold the same evidence, byte for byte."""

import json
from pathlib import Path

import pytest

from oracle.domain.sampler import Sampler
from oracle.model.embedded import EmbeddedRunner
from tests.support.evidence import evidence_by, picked
from tests.support.models import EXACT, FLOAT, SHIPPED, the_task

SEED = bytes(range(32))
COUNT, PLACE = 24, 17
NOTHING = {"expected": None, "got": None, "ground": None, "margin": None, "position": None, "sample": None}


@pytest.mark.parametrize(("engine", "sampler"), [("exact", EXACT), ("fp32", FLOAT)], ids=["exact", "fp32"])
def test_evidence__threads_and_what_is_checked_together__change_no_byte(engine: str, sampler: Sampler) -> None:
    first, second = (EmbeddedRunner(SHIPPED, engine, threads=threads) for threads in (1, 2))
    task = the_task()
    honest = first.generate(task.prompt, task.schema, SEED, range(COUNT), sampler)
    secret = first.generate(task.prompt, task.schema, SEED, range(1_000, 1_000 + COUNT), sampler)
    forged = picked(honest, secret, PLACE)
    found = {evidence_by(first, forged, SEED, sampler), evidence_by(second, forged, SEED, sampler)}
    assert len(found) == 1
    read = json.loads(found.pop())
    assert read["ground"] == "samples"
    assert (read["sample"], read["margin"] is None) == ((PLACE, False) if engine == "exact" else (None, True))
    assert {evidence_by(runner, honest, SEED, sampler) for runner in (first, second)} == {
        json.dumps(NOTHING, sort_keys=True, separators=(",", ":")).encode()
    }


def test_evidence__of_another_sample__is_another(tmp_path: Path) -> None:
    runner, task = EmbeddedRunner(SHIPPED, "exact"), the_task()
    honest = runner.generate(task.prompt, task.schema, SEED, range(COUNT), EXACT)
    secret = runner.generate(task.prompt, task.schema, SEED, range(1_000, 1_000 + COUNT), EXACT)
    one, two = (evidence_by(runner, picked(honest, secret, place), SEED, EXACT) for place in (3, 4))
    assert one != two
