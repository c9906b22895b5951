"""Distilled judgement: published fits, near copies, spam against gate and deposit, questions worth asking."""

import csv
from fractions import Fraction

import numpy as np
import pytest

from oracle.mechanism import judgement, simplex_fit
from oracle.mechanism.log_units import UNIT, log_units
from tests.support import judging
from tests.support.judging import DATA, in_units

PRIZE, DEPOSIT = 1_000_000, 1_000
"""A deposit of a thousandth of the prize."""


def read(name: str) -> dict[str, float]:
    with (DATA / name).open() as file:
        return {row[0]: float(row[1]) for row in list(csv.reader(file))[1:]}


def round_of(answers: str, lists: list[dict[str, float]]) -> tuple[np.ndarray, judgement.Answers]:
    """Logarithms (K, items) and answers of a published round, read without the strict parser."""
    with (DATA / answers).open() as file:
        rows = list(csv.DictReader(file))
    items = sorted({row[key] for row in rows for key in ("repo_a", "repo_b")})
    place = {item: k for k, item in enumerate(items)}
    first, second = (np.array([place[row[key]] for row in rows]) for key in ("repo_a", "repo_b"))
    signs = np.array([1 if row["choice"] == "2" else -1 for row in rows])
    ratio = signs * log_units([float(row["multiplier"]) for row in rows])
    logs = np.stack([log_units([own[item] for item in items]) for own in lists])
    return logs, judgement.Answers(tuple(items), first, second, ratio)


@pytest.fixture(scope="module")
def trial() -> tuple[np.ndarray, judgement.Answers]:
    return round_of("trial2025_answers_first360.csv", [read(file) for file in judging.TRIAL.values()])


@pytest.fixture(scope="module")
def gg24() -> tuple[np.ndarray, judgement.Answers]:
    lists = [read(f"gg24_list_{name}.csv") for name in judging.GG24]
    return round_of("gg24_answers_first60.csv", [*lists, dict.fromkeys(lists[0], 1.0)])


def test_fit__toy__published_weights_and_score() -> None:
    toy, jury = judging.expected("toy_lists.json"), judging.expected("toy_jury.json")
    place = {item: k for k, item in enumerate(toy["items"])}
    first, second = (np.array([place[one[key]] for one in jury["answers"]]) for key in "ab")
    signs = np.array([1 if one["better"] == "b" else -1 for one in jury["answers"]])
    ratio = signs * log_units([one["times"] for one in jury["answers"]])
    logs = np.stack([log_units(weights) for weights in toy["lists"].values()])
    misses = judgement.misses(logs, judgement.Answers(tuple(toy["items"]), first, second, ratio))
    fit, right = simplex_fit.fit(misses), jury["expected"]
    weights = dict(zip(toy["lists"], map(float, fit.weights), strict=True))
    assert weights == pytest.approx(right["weights"], abs=1e-6)
    assert (round(weights["claude"], 6), round(weights["deepseek"], 6)) == (0.198989, 0.801011)
    assert round(float(fit.score), 6) == round(right["cost"], 6) == 0.071661
    alone = dict(zip(toy["lists"], map(float, simplex_fit.scores(misses)), strict=True))
    assert alone == pytest.approx(right["pure_cost"], rel=1e-8)


def test_fit__trial_2025__published_weights_and_errors(trial) -> None:
    right, (logs, answers) = judging.expected("trial2025_expected.json"), trial
    misses = judgement.misses(logs, answers)
    fit = simplex_fit.fit(misses)
    assert [float(weight) for weight in fit.weights] == pytest.approx(right["weights"], abs=1e-6)
    assert float(fit.score) / len(answers) == pytest.approx(right["mean_squared_error"], abs=1e-6)
    assert [float(one) / len(answers) for one in simplex_fit.scores(misses)] == pytest.approx(right["pure"], abs=1e-6)


def test_fit__gg24__published_weights_and_errors(gg24) -> None:
    right, (logs, answers) = judging.expected("gg24_expected_first60.json"), gg24
    misses = judgement.misses(logs, answers)
    fit = simplex_fit.fit(misses)
    assert [float(weight) for weight in fit.weights] == pytest.approx(right["weights"], abs=1e-6)
    assert float(fit.score) / len(answers) == pytest.approx(right["mse"], abs=1e-6)
    pure = [float(one) / len(answers) for one in simplex_fit.scores(misses)]
    assert pure == pytest.approx(right["pure_mse"], rel=1e-6)


def test_near_copies__twenty_of_one_list__grouped_and_the_original_keeps_its_share(trial) -> None:
    logs, answers = trial
    noise = np.random.default_rng(0).normal(0, 0.02, (20, logs.shape[1]))
    flooded = np.vstack([logs, logs[1] + in_units(noise)])
    fair = simplex_fit.fit(judgement.misses(logs, answers)).weights
    taken = simplex_fit.fit(judgement.misses(flooded, answers)).weights
    assert taken[1] < fair[1] / 2 < sum(taken[2:]), "without grouping the copies take the original's share"
    leaders = judgement.near_copies(judgement.claims(flooded, answers), Fraction(1, 10))
    assert leaders == [0, 1] + [1] * 20
    kept = [k for k, leader in enumerate(leaders) if leader == k]
    assert simplex_fit.fit(judgement.misses(flooded[kept], answers)).weights == fair


def test_near_copies__the_copy_committed_first__is_the_one_that_is_paid(trial) -> None:
    logs, answers = trial
    said = judgement.claims(logs[[1, 0, 1]], answers)
    assert judgement.near_copies(said, Fraction(1, 10)) == [0, 1, 0]


def test_near_copies__real_lists_of_one_source__are_told_apart(gg24) -> None:
    said = judgement.claims(*gg24)
    assert judgement.near_copies(said, Fraction(1, 10)) == list(range(7))
    assert judgement.near_copies(said, Fraction(1, 2)) == [0, 1, 2, 1, 4, 5, 6]


def test_near_copies__a_chain_of_small_steps__is_no_single_group() -> None:
    said = np.arange(6)[None, :] * np.full((10, 1), UNIT // 4)
    assert judgement.near_copies(said, Fraction(3, 10)) == [0, 0, 2, 2, 4, 4]


@pytest.fixture(scope="module")
def spam(trial) -> np.ndarray:
    """Logarithms of 1,000 lists of lognormal noise over the items of the trial round."""
    return in_units(np.random.default_rng(1).normal(0, 1, (1_000, trial[0].shape[1])))


def test_spam__a_thousand_lists__what_gate_and_deposit_leave_them(trial, spam) -> None:
    """Measured: 31 % of the prize without a gate, 12 % with it (one list of 1,000), for 999 lost deposits."""
    logs, answers = trial
    house = np.zeros((1, logs.shape[1]), dtype=np.int64)
    everything = np.vstack([logs, house, spam])
    half = np.arange(len(answers)) % 2 == 0
    open_share = simplex_fit.guess(judgement.misses(everything, answers)).weights[3:].sum()
    passed = judgement.split_half(judgement.claims(everything, answers), answers.ratio, half, Fraction(1, 10))
    kept = [k for k, ok in enumerate(passed) if ok or k == 2]
    gated = simplex_fit.fit(judgement.misses(everything[kept], answers)).weights
    share = float(sum(weight for k, weight in zip(kept, gated, strict=True) if k > 2))
    assert passed[:2] == [True, True], "real lists pass"
    assert sum(passed[3:]) <= 2
    assert 0.25 < open_share < 0.4 and share < 0.15
    lost = DEPOSIT * (1_000 - sum(passed[3:]))
    assert lost > 5 * share * PRIZE, "a deposit of a thousandth of the prize makes spam lose money"


def test_split_half__real_lists__all_pass_whatever_their_scale(trial, gg24) -> None:
    for logs, answers in (trial, gg24):
        half = np.arange(len(answers)) % 2 == 0
        said = judgement.claims(logs, answers)
        real = said[:, said.any(axis=0)]
        assert all(judgement.split_half(real, answers.ratio, half, Fraction(1, 10)))
        assert not any(judgement.split_half(-real, answers.ratio, half, Fraction(1, 100)))


def test_split_half__by_the_definition_in_floats__agrees(trial) -> None:
    logs, answers = trial
    rng = np.random.default_rng(4)
    mixed = logs[0] // 4 + in_units(rng.normal(0, 0.7, (60, logs.shape[1])))
    said, half = judgement.claims(mixed, answers), rng.random(len(answers)) < 0.5
    heard = answers.ratio / UNIT
    expected = []
    for claim in (said / UNIT).T:
        gains = []
        for one, other in ((half, ~half), (~half, half)):
            t = min(1.0, max(0.0, claim[one] @ heard[one] / (claim[one] @ claim[one])))
            before, after = (heard[other] ** 2).sum(), ((t * claim[other] - heard[other]) ** 2).sum()
            gains.append((before - after) / before)
        expected.append(min(gains) >= 0.1)
    found = judgement.split_half(said, answers.ratio, half, Fraction(1, 10))
    assert found == expected and 5 < sum(found) < 55


def test_shifts__a_juror_who_decides_alone__stands_out(trial) -> None:
    logs, answers = trial
    ratio = answers.ratio.copy()
    ratio[:40] = judgement.claims(logs, answers)[:40, 0] * 3
    loud = judgement.Answers(answers.items, answers.first, answers.second, ratio)
    owners = ["loud"] * 40 + [f"j{k % 16}" for k in range(len(answers) - 40)]
    shifts = judgement.shifts(judgement.misses(logs, loud), owners)
    assert max(shifts, key=shifts.__getitem__) == "loud"
    assert shifts["loud"] > 2 * sorted(shifts.values())[-2]


def test_condition__lists_that_answers_cannot_tell_apart__large() -> None:
    said = judging.panel(4, 50)
    assert judgement.condition(said) < 1e3
    assert judgement.condition(np.column_stack([said, said[:, 0] + 1])) > 1e8
    assert judgement.condition(said[:, :1]) == 1


def excess(logs: np.ndarray, truth: np.ndarray, count: int, spread: bool, seed: int) -> float:
    """Mean squared error over all pairs, above the best mix, of the fit to `count` noisy answers."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(len(truth), 1)
    said, true = (logs[:, second] - logs[:, first]).T, truth[second] - truth[first]
    chance = judgement.disagreement(logs, first, second) if spread else np.ones(len(true))
    chance = 0.9 * chance / chance.sum() + 0.1 / len(true)
    asked = rng.choice(len(true), count, replace=False, p=chance)
    heard = true[asked] + rng.normal(0, 1.2, count)

    def error(targets: np.ndarray, rows: np.ndarray) -> float:
        weights = simplex_fit.guess(in_units(rows - targets[:, None])).weights
        return float(np.mean((said @ weights - true) ** 2))

    return error(heard, said[asked]) - error(true, said)


def test_disagreement__simulated_juries__less_excess_error_than_uniform_questions() -> None:
    """Five real lists of 98 repositories, truth a mix of them and noise: 46 to 54 % less at 50 to 200 answers."""
    names = [name for name in judging.GG24 if name != "rank-centrality"]
    lists = [read(f"gg24_list_{name}.csv") for name in names]
    logs = np.log(np.array([[own[item] for item in sorted(lists[0])] for own in lists]))
    uniform, spread = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        truth = rng.dirichlet(np.full(5, 0.5)) @ logs + rng.normal(0, 0.4, logs.shape[1])
        uniform.append(excess(logs, truth, 100, False, seed))
        spread.append(excess(logs, truth, 100, True, seed))
    assert np.mean(spread) < 0.7 * np.mean(uniform)
