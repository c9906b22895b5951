"""`gengov devnet story`: the disputes of the veto window, each with its own chain, oracles and real model."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from oracle.cli.devnet.disputes import STORIES
from tests.e2e.conftest import ROOT, Gengov

USDC = 10**6
STAKE, BOND = 500 * USDC, 1_000 * USDC
DAY = 24 * 60
"""Seconds of a day on the local profile, where an hour is a minute."""

NETWORKS = [pytest.param("anvil"), pytest.param("ganache")]
SLOWER = [pytest.param("anvil"), pytest.param("ganache", marks=pytest.mark.slow)]


def tell(folder: Path, name: str, network: str) -> Any:
    gengov = Gengov(folder)
    found = gengov.json("devnet", "story", name, "--network", network)
    assert (found["story"], found["network"]) == (name, network)
    return found


@pytest.mark.parametrize("network", NETWORKS)
def test_fraud__picked_answers__are_caught_and_never_executed(tmp_path: Path, network: str) -> None:
    found = tell(tmp_path, "fraud", network)
    assert (found["state"], found["ruling"]) == ("Canceled", "invalid")
    assert found["refused"] == "GovernorUnexpectedProposalState"  # thirty days later
    assert found["gained"] == {"prompter": -BOND, "challenger": BOND // 2}
    evidence = json.loads(found["evidence"])
    assert evidence["ground"] == "samples" and evidence["margin"] > 0
    assert evidence["expected"] != evidence["got"]


@pytest.mark.parametrize("network", NETWORKS)
def test_wrongful__an_honest_proposal__survives_and_executes_a_day_later(tmp_path: Path, network: str) -> None:
    found = tell(tmp_path, "wrongful", network)
    assert (found["state"], found["ruling"]) == ("Executed", "valid")
    assert found["refused"] == "ExecutionBlocked"
    assert found["gained"] == {"prompter": STAKE // 2, "challenger": -STAKE}
    assert found["delay"] == DAY


@pytest.mark.parametrize("network", SLOWER)
def test_withhold__data_that_stays_away_loses_and_data_that_comes_wins(tmp_path: Path, network: str) -> None:
    found = tell(tmp_path, "withhold", network)
    assert found["ruling"] == "invalid" and found["state"] in ("Canceled", "Defeated")
    assert found["gained"] == {"prompter": -BOND, "challenger": BOND // 2}
    answered = found["published"]
    assert answered["ruling"] == "valid"
    assert answered["gained"] == {"prompter": STAKE // 2, "challenger": -STAKE}


@pytest.mark.parametrize("network", SLOWER)
def test_dead_arbitrator__fast_falls_for_nothing_and_slow_follows_the_voters(tmp_path: Path, network: str) -> None:
    found = tell(tmp_path, "dead-arbitrator", network)
    fast, slow = found["fast"], found["slow"]
    assert (fast["track"], fast["state"], fast["ruling"]) == ("fast", "Canceled", "invalid")
    assert fast["gained"] == {"prompter": 0, "challenger": 0}
    assert (slow["track"], slow["state"], slow["ruling"]) == ("slow", "Executed", "valid")
    assert slow["gained"] == {"prompter": STAKE // 2, "challenger": -STAKE}


def test_readme__tells_these_stories_and_no_others() -> None:
    section = (ROOT / "README.md").read_text().split("## When somebody cheats", 1)[1].split("\n## ", 1)[0]
    told = re.findall(r"^\.venv/bin/gengov devnet story (\S+)", section, re.M)
    assert sorted(told) == sorted(STORIES)


def test_story__unknown__is_refused_by_name(tmp_path: Path) -> None:
    gengov = Gengov(tmp_path)
    gengov("devnet", "story", "arson", code=2)
    assert "fraud, withhold, wrongful, dead-arbitrator" in gengov.said
