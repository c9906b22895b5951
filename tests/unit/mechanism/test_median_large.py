"""The median of many and of awkward samples: equal to plain integers at every size, in bounded memory."""

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.action import Payload
from oracle.domain.sample import Sample
from oracle.mechanism.distance import TILE, Q, row_sums, text_tile, words
from oracle.mechanism.median import select
from tests.support import brute_median
from tests.support.answers import NONE, RULES, fund, random_text, samples, set_parameter, signal

AWKWARD = [0, 1, 2, 3, Q - 1, Q, Q + 1, 2**31 - 1, 2**31, 2**32 - 1, 2**33 - 1, 2**33, 2**52 + 1, 2**53 + 1, 10**30]
"""Where an integer type, a quotient or a sum would break first."""

amounts = st.one_of(st.sampled_from(AWKWARD), st.integers(0, 12), st.integers(0, 10**40))
texts = st.text(st.sampled_from("ab ﬁÉ①-_7"), max_size=12)  # letters that fold or fall out
payloads = st.one_of(
    st.builds(fund, st.dictionaries(st.sampled_from("abc"), amounts), st.lists(st.sampled_from("xyz"), unique=True)),
    st.builds(set_parameter, st.sampled_from("ab"), amounts),
    st.builds(signal, texts),
    st.just(NONE),
)


def agrees(drawn: list[Sample]) -> bool:
    chosen, expected = select(drawn, RULES), brute_median.select(drawn, RULES)
    return (None if chosen.pick is None else (chosen.pick, chosen.gamma, chosen.dispersion)) == expected


def awkward(rnd: random.Random, count: int) -> list[Sample]:
    """Few values that differ by one somewhere, so that sums nearly tie, in all actions and among copies."""
    base = rnd.choice(AWKWARD[4:])
    pool: list[Payload | None] = [NONE, None]
    for _ in range(count // 2):
        value = base + rnd.choice((-1, 0, 0, 1))
        pool.append(fund({"a": value, "b": rnd.choice(AWKWARD)}, rnd.sample("xyz", rnd.randrange(3))))
        pool.append(set_parameter(rnd.choice("ab"), value * rnd.choice((1, 1, 2))))
        pool.append(signal(random_text(rnd, 4)))
    return samples([rnd.choice(pool) for _ in range(count)], [random_text(rnd) for _ in range(count)])


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_words__ascii_by_the_short_way__as_by_normalising(text: str) -> None:
    assert list(words(text)) == brute_median.words(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.one_of(st.none(), payloads), texts), max_size=9))
def test_select__any_samples__equals_second_implementation(drawn: list[tuple[Payload | None, str]]) -> None:
    assert agrees(samples([payload for payload, _ in drawn], [text for _, text in drawn]))


@pytest.mark.parametrize("seed", range(12))
def test_select__values_where_types_break__equals_second_implementation(seed: int) -> None:
    assert agrees(awkward(random.Random(seed), 40))


@pytest.mark.parametrize("base", [0, 2**31 - 200, 2**33 - 200, 2**53 - 200])
def test_select__more_different_payloads_than_a_tile__equals_second_implementation(base: int) -> None:
    rnd = random.Random(base)
    drawn = [fund({"a": base + rnd.randrange(400), "b": base * rnd.randrange(3)}) for _ in range(TILE + 40)]
    assert agrees(samples(list(drawn)))


def test_select__more_equal_payloads_than_a_tile__the_same_rationale_as_plain_loops() -> None:
    rnd = random.Random(3)
    assert agrees(samples([NONE] * (TILE + 20), [random_text(rnd, 6) for _ in range(TILE + 20)]))


def test_select__ten_thousand_different_payloads__rows_equal_plain_sums_in_bounded_memory() -> None:
    rnd = random.Random(4)
    drawn = samples([fund({key: rnd.randrange(1, 10**6) for key in rnd.sample("abcde", 2)}) for _ in range(10_000)])
    tracemalloc.start()
    chosen = select(drawn, RULES)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 48 << 20, f"{peak >> 20} MiB: the whole matrix would take {len(drawn) ** 2 * 8 >> 20}"
    totals = [total for total in chosen.totals if total is not None]
    assert chosen.pick == totals.index(min(totals)) and len(totals) == len(drawn)
    for row in (0, 9_999, chosen.pick):
        plain = sum(brute_median.distance(drawn[row].payload, other.payload, RULES) for other in drawn)
        assert totals[row] == plain


@pytest.mark.slow
def test_select__ten_thousand_different_rationales__rows_equal_plain_sums() -> None:
    rnd = random.Random(5)
    spoken = [f"word{place}" for place in range(400)]
    drawn = samples([NONE] * 10_000, [" ".join(rnd.choices(spoken, k=25)) for _ in range(10_000)])
    texts = [sample.rationale for sample in drawn]
    totals = row_sums(text_tile(texts), [1] * len(texts))
    pick = select(drawn, RULES).pick
    assert pick == totals.index(min(totals))
    for row in (0, 9_999, pick):
        assert totals[row] == sum(brute_median.text_distance(texts[row], text) for text in texts)


@pytest.mark.slow
def test_select__two_thousand_awkward_samples__equals_second_implementation() -> None:
    assert agrees(awkward(random.Random(6), 2_000))
