"""How long the choice of the median takes beside plain loops: `python -m tests.bench.bench_selection`.

One core. `payload`: all answers differ, so every pair is compared. `text`: all answers are the same decision, so every
pair of reasons is compared. Plain loops are timed on some rows of the pairs and scaled where all would take minutes.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence

from oracle.domain.action import Payload
from oracle.domain.sample import Sample
from oracle.mechanism.median import distance_rules, select
from oracle.mechanism.template import template
from tests.support import brute_median
from tests.support.answers import samples

SIZES = (100, 1_000, 10_000)
TARGETS_MS = {("payload", 100): 0.9, ("payload", 1_000): 30, ("payload", 10_000): 2_500}
TARGETS_MS |= {("text", 100): 1.6, ("text", 1_000): 200, ("text", 10_000): 24_000}
PAIRS_BY_LOOPS = 40_000
WORDS = [f"word{place}" for place in range(400)]
CANDIDATES = [f"c{place}" for place in range(1, 9)]


def payloads(count: int, rnd: random.Random) -> list[Sample]:
    """Allotments to 1..3 of 8 candidates, practically all different; one reason for all."""
    drawn = []
    for _ in range(count):
        chosen = sorted(rnd.sample(CANDIDATES, rnd.randint(1, 3)))
        drawn.append(Payload("fund", {"fund": {key: rnd.randrange(1, 10**6) for key in chosen}}))
    return samples(list(drawn), ["because"] * count)


def texts(count: int, rnd: random.Random) -> list[Sample]:
    """One allotment, reasons of 25 words each."""
    payload = Payload("fund", {"fund": {"c1": 100}})
    return samples([payload] * count, [" ".join(rnd.choices(WORDS, k=25)) for _ in range(count)])


def seconds(run: Callable[[], object], repeats: int) -> float:
    """The fastest of some runs."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


def by_loops(kind: str, drawn: Sequence[Sample]) -> tuple[float, bool]:
    """Seconds that plain loops need for all pairs, and whether that was scaled up from some rows."""
    rules = distance_rules(template())
    rows = drawn[: max(1, min(len(drawn), PAIRS_BY_LOOPS // len(drawn)))]
    start = time.perf_counter()
    for x in rows:
        for y in drawn:
            if kind == "payload" and x.payload and y.payload:
                brute_median.distance(x.payload, y.payload, rules)
            else:
                brute_median.text_distance(x.rationale, y.rationale)
    return (time.perf_counter() - start) * len(drawn) / len(rows), len(rows) < len(drawn)


def measure(kind: str, count: int) -> dict[str, object]:
    """One row of the table."""
    drawn = {"payload": payloads, "text": texts}[kind](count, random.Random(count))
    rules = distance_rules(template())
    if count == min(SIZES):
        expected = brute_median.select(drawn, rules)
        found = select(drawn, rules)
        assert expected == (found.pick, found.gamma, found.dispersion), "the fast choice is not the right one"
    fast = seconds(lambda: select(drawn, rules), 20 if count < 1_000 else 3 if count < 10_000 else 1)
    slow, scaled = by_loops(kind, drawn)
    return {
        "kind": kind,
        "samples": count,
        "ms": round(1_000 * fast, 3),
        "target_ms": TARGETS_MS[kind, count],
        "loops_ms": round(1_000 * slow, 1),
        "loops_scaled": scaled,
        "ratio": round(slow / fast),
    }


def main() -> None:
    """Prints the table, or with --json its rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON list instead of a table")
    parser.add_argument("--largest", type=int, default=max(SIZES), help="leave out larger sizes")
    chosen = parser.parse_args()
    rows = [measure(kind, count) for kind in ("payload", "text") for count in SIZES if count <= chosen.largest]
    if chosen.json:
        print(json.dumps(rows))
        return
    print(f"{'kind':8} {'samples':>8} {'ms':>10} {'target':>8} {'plain loops':>12} {'ratio':>7}")
    for row in rows:
        mark = "~" if row["loops_scaled"] else " "
        print(
            f"{row['kind']:8} {row['samples']:>8} {row['ms']:>10} {row['target_ms']:>8} "
            f"{mark}{row['loops_ms']:>11} {row['ratio']:>6}x"
        )


if __name__ == "__main__":
    main()
