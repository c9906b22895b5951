"""How long the choice of the median takes beside its limits, plain loops and an MBR library.

One core; all times as on an idle machine (wall or processor time, whichever is less). `payload`: all answers differ, so
every pair of payloads is compared. `text`: all answers are the same decision, so every pair of reasons is compared.
"""

import random
import time
from collections.abc import Iterator, Sequence

from oracle.domain.action import Payload
from oracle.domain.sample import Sample
from oracle.mechanism.median import distance_rules, select
from oracle.mechanism.template import template
from tests.bench.harness import Row, Run, peak_memory, timed
from tests.support import brute_median
from tests.support.answers import samples

TITLE = "Selection of the median"
LEARNED = """
- Equal payloads are compared once and counted: the shipped model gives its example prompt 12 different ones among 100
  samples. The rows above, in which all differ, are the worst case.
- Distances are taken in tiles of 256 x 256 that stay in the second-level cache, upper tiles only, in float64 that holds
  integers below 2^53: exact, and the memory does not grow with n^2. Values beyond 2^33 take Python integers.
- Texts are compared only among samples with the pick's payload, words mapped to single letters so that a bit-parallel
  longest common subsequence runs on whole machine words.
- The library scores pairs in floats with n-gram measures; its chrF in Rust is by far its fastest metric.
"""

LIMITS_MS = {("payload", 100): 0.9, ("payload", 1_000): 30, ("payload", 10_000): 2_500}
LIMITS_MS |= {("text", 100): 1.6, ("text", 1_000): 200, ("text", 10_000): 24_000}
"""What the specification asks for."""

QUICK = ("chrF in Rust",)
"""The library's fastest metric."""

WORDS = [f"word{place}" for place in range(400)]
CANDIDATES = [f"c{place}" for place in range(1, 9)]


def payloads(count: int) -> list[Sample]:
    """Allotments to 1..3 of 8 candidates, practically all different; one reason for all."""
    rnd, drawn = random.Random(count), []
    for _ in range(count):
        chosen = sorted(rnd.sample(CANDIDATES, rnd.randint(1, 3)))
        drawn.append(Payload("fund", {"fund": {key: rnd.randrange(1, 10**6) for key in chosen}}))
    return samples(list(drawn), ["because"] * count)


def texts(count: int) -> list[Sample]:
    """One allotment, reasons of 25 words each."""
    rnd, payload = random.Random(count), Payload("fund", {"fund": {"c1": 100}})
    return samples([payload] * count, [" ".join(rnd.choices(WORDS, k=25)) for _ in range(count)])


def by_loops(kind: str, drawn: Sequence[Sample], pairs: int) -> tuple[float, bool]:
    """Milliseconds that plain loops need for all pairs, and whether that was scaled up from some rows."""
    rules = distance_rules(template())
    rows = drawn[: max(1, min(len(drawn), pairs // len(drawn)))]
    start = time.process_time()
    for x in rows:
        for y in drawn:
            if kind == "payload" and x.payload and y.payload:
                brute_median.distance(x.payload, y.payload, rules)
            else:
                brute_median.text_distance(x.rationale, y.rationale)
    return 1_000 * (time.process_time() - start) * len(drawn) / len(rows), len(rows) < len(drawn)


def by_library(run: Run) -> Iterator[Row]:
    """The reasons of samples through the plain decoder of an MBR library, with its fastest metrics."""
    for count, metrics in ((20, QUICK),) if run.small else ((100, (*QUICK, "BLEU")), (300, QUICK)):
        drawn = texts(count)
        question = {
            "texts": [sample.rationale for sample in drawn],
            "metrics": metrics,
            "repeats": 3 if count == 100 else 1,
        }
        said = run.peer("mbr", "tests.bench.mbr_library", question) or {"library": "mbrs", "ms": dict.fromkeys(metrics)}
        ours = timed(lambda drawn=drawn: select(drawn, distance_rules(template())), run.repeats(9)).idle_ms
        for metric, peer in said["ms"].items():
            note = "another measure of likeness, in floats"
            yield Row(f"texts, n = {count:,}", ours, peer, f"{said['library']}, {metric}", note=note)


def memory(run: Run) -> Row:
    """The most memory that a choice among different payloads takes beside the whole matrix of their distances."""
    count = 500 if run.small else 10_000
    drawn, rules = payloads(count), distance_rules(template())
    peak = peak_memory(lambda: select(drawn, rules))
    whole = 8 * count**2 / 2**20
    return Row(f"payloads, n = {count:,}: memory", peak, whole, "the whole matrix in float64", "MiB")


def rows(run: Run) -> Iterator[Row]:
    """Payloads and texts at three sizes beside their limits and plain loops, then the library."""
    rules = distance_rules(template())
    for kind, draw in (("payload", payloads), ("text", texts)):
        for count in (100,) if run.small else (100, 1_000, 10_000):
            drawn = draw(count)
            repeats = run.repeats(30 if count == 100 else 5 if count == 1_000 else 1)
            ours = timed(lambda drawn=drawn: select(drawn, rules), repeats, warm=int(count < 10_000))
            name = f"{kind}s, n = {count:,}"
            yield Row(name, ours.idle_ms, LIMITS_MS[kind, count], "the limit of the specification")
            loops, scaled = by_loops(kind, drawn, 1_000 if run.small else 10_000)
            yield Row(
                name, ours.idle_ms, loops, "plain Python loops", note="scaled up from some rows" if scaled else ""
            )
    yield memory(run)
    yield from by_library(run)
