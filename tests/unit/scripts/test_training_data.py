"""What the small model learns from: prompts that keep the rules, answers that follow from them, honest reasons."""

import random
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.action import Payload
from oracle.domain.prompt import Candidate, Funding, Market, ModelChoice, Parameter, PastProposal, Prompt
from oracle.mechanism import actions
from scripts.training import evaluation
from scripts.training.examples import draw_answer, groups
from scripts.training.policy import policy, quality
from scripts.training.wording import rationale, rationales
from scripts.training.worlds import OBJECTIVES, make_prompt
from tests.support.prompts import a_prompt, address

prompts = st.integers(0, 2**32).map(lambda seed: make_prompt(random.Random(seed)))


def likeliest(prompt: Prompt) -> Payload:
    return policy(prompt)[0][0]


def test_the_same_seed_gives_the_same_stream() -> None:
    assert list(islice(groups(4), 5)) == list(islice(groups(4), 5))
    assert list(islice(groups(4), 5)) != list(islice(groups(5), 5))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_prompt_can_be_made_for_every_objective(objective: str) -> None:
    assert make_prompt(random.Random(1), objective).objective == objective


@settings(deadline=None)
@given(prompts)
def test_the_policy_is_a_distribution_over_allowed_decisions(prompt: Prompt) -> None:
    choices = policy(prompt)
    assert sum(weight for _, weight in choices) == pytest.approx(1)
    assert all(weight >= 0 for _, weight in choices)
    allowed = {tuple(option) for option in (*actions.allotments(prompt), *actions.settings(prompt))}
    for payload, _ in choices:
        for value in payload.fields.values():
            decided = value if isinstance(value, str) else tuple(value.items())
            assert decided in allowed or decided in [model.id for model in prompt.models if not model.current]


@settings(max_examples=50, deadline=None)
@given(prompts, st.integers(0, 99))
def test_every_reason_is_one_that_holds(prompt: Prompt, seed: int) -> None:
    for payload, _ in policy(prompt)[:5]:
        assert rationale(prompt, payload, random.Random(seed)) in rationales(prompt, payload)


@settings(deadline=None)
@given(prompts, st.integers(0, 99))
def test_every_drawn_answer_is_valid(prompt: Prompt, seed: int) -> None:
    assert actions.parse(draw_answer(prompt, random.Random(seed)), prompt)


def test_the_best_record_wins_under_results_and_the_lowest_sound_ask_under_thrift() -> None:
    candidates = (
        Candidate("A", "A", address(1), 400, 9, 0),
        Candidate("B", "B", address(2), 100, 3, 1),
        Candidate("C", "C", address(3), 90, 0, 5),
    )
    assert likeliest(a_prompt(objective="results", candidates=candidates)).fields == {"fund": {"A": 400}}
    assert likeliest(a_prompt(objective="thrift", candidates=candidates)).fields == {"fund": {"B": 100}}


def test_less_is_offered_when_the_market_falls_or_the_last_proposal_was_defeated() -> None:
    calm = a_prompt(candidates=(Candidate("A", "A", address(1), 400, 9, 0),))
    assert likeliest(calm).fields == {"fund": {"A": 400}}
    assert likeliest(replace(calm, market=Market(1, 1, -50))).fields == {"fund": {"A": 200}}
    assert likeliest(replace(calm, history=(PastProposal(1, "fund", "defeated", 0),))).fields == {"fund": {"A": 200}}


def test_breadth_pays_more_than_one() -> None:
    candidates = tuple(Candidate("ABC"[i - 1], "A", address(i), 100, 5, 0) for i in (1, 2, 3))
    (amounts,) = likeliest(a_prompt(objective="breadth", candidates=candidates)).fields.values()
    assert len(amounts) == 3


def test_nothing_is_funded_that_the_budget_cannot_pay() -> None:
    assert likeliest(a_prompt(funding=Funding("mint", 10, 10))).action == "none"


@pytest.mark.parametrize(("less", "more", "value"), [(7, 1, 75), (1, 7, 125)])
def test_the_setting_that_members_wish_for_moves_their_way(less: int, more: int, value: int) -> None:
    settings_ = (
        Parameter("P", "BToken", "minBid", 50, 0, 500, 0, 1, 0),
        Parameter("Q", "BToken", "mintLock", 100, 0, 500, 0, less, more),
    )
    assert likeliest(a_prompt(objective="upkeep", parameters=settings_)).fields == {"set_parameter": {"Q": value}}


@pytest.mark.parametrize(("score", "action"), [(90, "set_model"), (10, "none")])
def test_a_model_is_adopted_only_if_it_is_better(score: int, action: str) -> None:
    models = (ModelChoice("W", "0x" + "33" * 32, 40, True), ModelChoice("X", "0x" + "44" * 32, score, False))
    assert likeliest(a_prompt(objective="model", models=models)).action == action


def test_a_record_counts_late_works_twice_within_limits() -> None:
    records = [quality(Candidate("A", "A", address(1), 1, done, late)) for done, late in ((5, 1), (40, 0), (0, 9))]
    assert records == [3, 9, -6]


def test_a_perfect_sampler_scores_as_far_from_the_policy_as_chance() -> None:
    rng = random.Random(3)
    score = evaluation.evaluate(lambda p, n: [draw_answer(p, rng) for _ in range(n)], evaluation.held_out(40))
    assert score.valid == 100
    assert score.reasons_true == 100
    assert abs(score.distance - score.noise) < 3
    assert score.action_distance < 4


def test_a_stubborn_sampler_is_seen_as_one() -> None:
    none = '{"action":"none","rationale":"No candidate is worth it now."}'
    score = evaluation.evaluate(lambda p, n: [none] * n, evaluation.held_out(20, "results"))
    assert score.distance > 60
    assert score.mode_agrees < 40
    for change in evaluation.CHANGES.values():
        moved, wanted = evaluation.sensitivity(lambda p, n: [none] * n, evaluation.held_out(20, "results"), change)
        assert moved == 0 < wanted


def test_a_sampler_that_breaks_the_rules_is_seen_as_one() -> None:
    score = evaluation.evaluate(lambda p, n: ["{}"] * n, evaluation.held_out(3))
    assert score.valid == 0


def test_swapping_records_needs_two_candidates() -> None:
    lonely = a_prompt(candidates=a_prompt().candidates[:1])
    assert evaluation.swapped_records(lonely) == lonely
