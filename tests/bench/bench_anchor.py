"""How long anchoring takes over a stream of questions, beside its limit and the plain formulas."""

from collections.abc import Iterator

import numpy as np

from oracle.mechanism.anchoring import DEFAULT_ETA, Forecasts, Rule, anchor
from tests.bench.harness import Row, Run, peak_memory, timed

TITLE = "Epistemic anchoring over a stream"
LEARNED = """
- The weights of a question need those of the one before, so a stream is walked question by question; losses, means and
  the forecasts that follow are taken for all questions at once.
- As it is written the update keeps a sum of 1, but a rounding error of the sum grows by (1 + eta x mean loss) with each
  question: it must be normalised now and then, in the plain loops as in ours.
- The online fit keeps the Gram matrix and begins at the last support: a solver called for each question builds and
  solves the same program from nothing. The limit of 1.5 s holds for wsu and hedge; simplex fits a program for each
  question and takes some 20 s at T = 100,000, N = 100 (17 s on a core of its own).
"""


def stream(questions: int, forecasters: int) -> Forecasts:
    """Forecasters that see the truth through noise of their own."""
    rnd = np.random.default_rng(questions * 10_007 + forecasters)
    log_odds, noise = rnd.normal(0, 1.5, questions), rnd.uniform(0.2, 3, forecasters)
    seen = log_odds[:, None] + rnd.normal(0, 1, (questions, forecasters)) * noise
    outcomes = (rnd.random(questions) < 1 / (1 + np.exp(-log_odds))).astype(np.float64)
    names = tuple(f"f{place:03d}" for place in range(forecasters))
    return Forecasts(names, (1 / (1 + np.exp(-seen)))[..., None], outcomes)


def rows(run: Run) -> Iterator[Row]:
    """Weighted-score update and Hedge at full length, then the online fit on a shorter stream."""
    questions, forecasters = (200, 5) if run.small else (100_000, 100)
    given = stream(questions, forecasters)
    name = f"T = {questions:,}, N = {forecasters}"
    for rule in (Rule.WSU, Rule.HEDGE):
        ours = timed(lambda rule=rule: anchor(given, rule), run.repeats(3))
        yield Row(f"{rule}, {name}", ours.idle_ms, 1_500, "the limit of the specification")
        if rule is Rule.WSU:
            part = min(questions, 500)
            plain = timed(lambda part=part: by_loops(given, part), 1, warm=0)
            note = f"scaled up from {part} questions; weights differ by {difference(given, part, plain.result):.0e}"
            yield Row(f"{rule}, {name}", ours.ms, plain.ms * questions / part, "plain Python loops", note=note)
    weights = 8 * (questions + 1) * forecasters / 2**20
    taken = peak_memory(lambda: anchor(given, Rule.WSU))
    yield Row(f"wsu, {name}: memory", taken, weights, "the weights of all questions", "MiB")
    yield from online(run)


def online(run: Run) -> Iterator[Row]:
    """The online fit beside cvxpy's solver of the batch, called for each question."""
    questions, forecasters = (50, 4) if run.small else (2_000, 100)
    ours = timed(lambda: anchor(stream(questions, forecasters), Rule.SIMPLEX), run.repeats(2), warm=0).ms
    question = {"lists": forecasters, "answers": questions, "solvers": ["CLARABEL"], "repeats": run.repeats(3)}
    said = run.peer("peers", "tests.bench.convex_solvers", question)
    peer = questions * said["solvers"]["CLARABEL"]["ms"] if said else None
    against = f"{said['library'] if said else 'cvxpy'}, CLARABEL, for each question"
    yield Row(f"simplex, T = {questions:,}, N = {forecasters}", ours, peer, against, note="one solve, times T")


def by_loops(given: Forecasts, questions: int) -> list[float]:
    """Weighted-score update as it is written, in Python floats."""
    eta, size = DEFAULT_ETA[Rule.WSU], len(given.forecasters)
    w = [1 / size] * size
    for beliefs, outcome in zip(given.beliefs[:questions, :, 0].tolist(), given.outcomes.tolist(), strict=False):
        losses = [(belief - outcome) ** 2 for belief in beliefs]
        mean = sum(weight * loss for weight, loss in zip(w, losses, strict=True))
        w = [weight * (1 - eta * (loss - mean)) for weight, loss in zip(w, losses, strict=True)]
        total = sum(w)
        w = [weight / total for weight in w]
    return w


def difference(given: Forecasts, questions: int, plain: list[float]) -> float:
    """How far the plain weights are from ours after so many questions."""
    some = Forecasts(given.forecasters, given.beliefs[:questions], given.outcomes[:questions])
    ours = anchor(some, Rule.WSU).weights[-1]
    return float(np.abs(ours - np.array(plain)).max())
