"""Credit propagation: published numbers, closed forms, a dense solver in fractions, and what may never change."""

import json
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import credit_solver
from oracle.mechanism.credit import SHARE_BITS, Credit, propagate, solve
from oracle.mechanism.credit_graph import ONE, Graph, build
from oracle.mechanism.credit_paths import why
from tests.support import credit_graphs
from tests.support.credit_graphs import DATA, LIBERTARIAN, Edge, dense_payouts, gg24, payouts_of, toy

WHOLE = 1 << SHARE_BITS


def graph_of(
    edges: Sequence[Edge], seeds: Mapping[str, float], keep: float = 0.5, own: Mapping[str, float] | None = None
) -> Graph:
    parents, dependencies, weights = zip(*edges, strict=True)
    return build(parents, dependencies, weights, seeds, self_share=keep, self_shares=own)


def ring(size: int) -> list[Edge]:
    return [(f"{place:04}", f"{(place + 1) % size:04}", 1.0) for place in range(size)]


def exact(credit: Credit) -> dict[str, float]:
    return dict(zip(credit.graph.nodes, (share / WHOLE for share in credit.shares), strict=True))


# Published numbers and closed forms.


def test_toy__all_labels__the_quoted_ones_and_the_shares_of_the_graph() -> None:
    edges, seeds, own, labels = toy()
    assert len(labels) == 55
    quoted = json.loads((DATA / "toy_two_level.json").read_text())["seed_numbers"]
    bitcoin, cypherpunk = "Bitcoin's monetary philosophy", "Cypherpunk Movement"
    where = {
        "Cypherpunk Movement": ("Ethereum", cypherpunk),
        "Techno-Progressivism": ("Ethereum", "Techno-Progressivism"),
        "Cypherpunk self": (cypherpunk, "self"),
        "Cypherpunk dependencies": (cypherpunk, "dependencies"),
        "Libertarian of Cypherpunk": (cypherpunk, LIBERTARIAN),
        "Swiss of Cypherpunk": (cypherpunk, "Swiss direct democracy"),
        "Bitcoin's monetary philosophy": ("Ethereum", bitcoin),
        "Bitcoin's dependencies": (bitcoin, "dependencies"),
        "Libertarian of Bitcoin": (bitcoin, LIBERTARIAN),
    }
    assert {name: round(labels[place], 3) for name, place in where.items()} == {n: quoted[n] for n in where}
    graph = graph_of(edges, seeds, own=own)
    shares = {
        (graph.nodes[u], graph.nodes[v]): share / (ONE - graph.keep[u])
        for u, v, share in zip(graph.parent, graph.dependency, graph.share, strict=True)
    }
    shares |= {("ethereum", name.lower()): graph.seed[graph.place(name)] / ONE for name in seeds}
    for name in own:
        shares[name.lower(), "self"] = graph.keep[graph.place(name)] / ONE
        shares[name.lower(), "dependencies"] = 1 - shares[name.lower(), "self"]
    assert shares == pytest.approx({(a.lower(), b.lower()): value for (a, b), value in labels.items()}, abs=1e-15)


def test_toy__libertarian_share__as_published() -> None:
    edges, seeds, own, _ = toy()
    credit = propagate(graph_of(edges, seeds, own=own))
    assert credit.payouts()[LIBERTARIAN.lower()] == pytest.approx(0.046650, abs=5e-7)
    assert sum(credit.amounts(100_00).values()) == 100_00
    assert credit.amounts(100_00)[LIBERTARIAN.lower()] in (466, 467)


def test_toy__why__prints_the_two_ways_of_the_article() -> None:
    edges, seeds, own, _ = toy()
    found = why(propagate(graph_of(edges, seeds, own=own)), LIBERTARIAN)
    assert [[f"{factor:.3f}" for factor in way.factors] for way in found.ways] == [
        ["0.195", "0.648", "0.201"],
        ["0.205", "0.600", "0.173"],
    ]
    assert found.share == pytest.approx(0.0466, abs=1e-4)
    assert found.others == pytest.approx(0, abs=1e-15)


def test_real_graph__expected_payouts() -> None:
    edges, seeds = gg24()
    expected = json.loads((DATA / "gg24_pruned_expected.json").read_text())
    credit = propagate(graph_of(edges, seeds))
    assert len(credit.graph.parent) == expected["edges"]
    assert len(credit.graph.nodes) == expected["nodes"] - 1  # the expectation counts the root, which is no node here
    payouts = credit.payouts()
    assert {name: payouts[name] for name in expected["top"]} == pytest.approx(expected["top"], abs=1e-12)
    assert list(payouts)[:25] == list(expected["top"])
    assert credit.residual < 1e-15


def test_real_graph__nobody_keeps_anything__its_cycle_is_named() -> None:
    edges, seeds = gg24()
    with pytest.raises(Refused, match="nomicfoundation/hardhat -> openzeppelin/openzeppelin-contracts -> nomic"):
        graph_of(edges, seeds, keep=0.0)


def test_ring__tiny_self_share__closed_form_by_factors() -> None:
    credit = propagate(graph_of(ring(1000), {"0000": 1.0}, keep=1e-6))
    closed = 1e-6 / -((1 - 1e-6) ** 1000 - 1)
    assert exact(credit)["0000"] == pytest.approx(0.0010004995833, abs=5e-14)
    assert exact(credit)["0000"] == pytest.approx(closed, rel=1e-9)
    assert credit.method == "lu"
    assert credit.residual < 1e-40


def test_chain__deep_and_nobody_keeps__all_at_the_end() -> None:
    chain = [(f"{place:05}", f"{place + 1:05}", 1.0) for place in range(3_000)]
    credit = propagate(graph_of(chain, {"00000": 1.0}, keep=0.0))
    assert exact(credit)["03000"] == 1.0
    assert sum(credit.shares) == WHOLE


# Refusals.


@pytest.mark.parametrize("names", [["a", "b"], ["a", "b", "c"]])
def test_cycle_without_self_share__refused_by_name(names: list[str]) -> None:
    cycle = [(one, other, 1.0) for one, other in zip(names, [*names[1:], names[0]], strict=True)]
    with pytest.raises(Refused, match=" -> ".join([*names, names[0]])):
        graph_of([("seed", "a", 1.0), *cycle], {"seed": 1.0}, keep=0.0)


def test_cycle_without_self_share__one_of_it_keeps__solved() -> None:
    edges = [("a", "b", 1.0), ("b", "a", 1.0)]
    credit = propagate(graph_of(edges, {"a": 1.0}, keep=0.0, own={"b": 0.25}))
    assert exact(credit) == {"a": 0.0, "b": 1.0}


def test_self_share_too_small_for_floats__refused_by_name() -> None:
    with pytest.raises(Refused, match=r"goes round too long.*'0000' keeps only"):
        propagate(graph_of(ring(50), {"0000": 1.0}, keep=1e-18))


@pytest.mark.parametrize(
    ("edges", "seeds", "own", "message"),
    [
        ([("a", "b", -1.0)], {"a": 1.0}, {}, "negative"),
        ([("a", "b", float("nan"))], {"a": 1.0}, {}, "not finite"),
        ([("a", "b", 0.0), ("a", "c", 0.0)], {"a": 1.0}, {}, "'a' weigh 0"),
        ([("a", "b", 1.0)], {"a": 0.0}, {}, "seeds"),
        ([("a", "b", 1.0)], {"a": -1.0, "b": 2.0}, {}, "seeds"),
        ([("a", "b", 1.0)], {"a": 1.0, "A": 1.0}, {}, "twice"),
        ([("a", "b", 1.0)], {"a": 1.0}, {"z": 0.1}, "'z'"),
        ([("a", "b", 1.0)], {"a": 1.0}, {"a": 1.5}, "between 0 and 1"),
    ],
)
def test_malformed__refused(edges: list[Edge], seeds: dict[str, float], own: dict[str, float], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        graph_of(edges, seeds, own=own)


def test_no_edges__refused() -> None:
    with pytest.raises(BadInput, match="no edges"):
        build([], [], None, {"a": 1.0})


# What is dropped, and what stays.


def test_duplicates_and_self_loops__dropped_and_counted() -> None:
    edges = [("A/x", "b", 3.0), ("a/X", "B", 5.0), ("a/x", "c", 1.0), ("a/x", "c", 1.0), ("c", "C", 1.0)]
    graph = graph_of(edges, {"a/x": 1.0})
    assert (graph.duplicates, graph.self_loops, graph.conflicts) == (2, 1, 1)
    assert exact(propagate(graph)) == {"a/x": 0.5, "b": 0.375, "c": 0.125}


def test_zero_weight__carries_nothing() -> None:
    assert exact(propagate(graph_of([("a", "b", 0.0), ("a", "c", 2.0)], {"a": 1.0}))) == {"a": 0.5, "b": 0.0, "c": 0.5}


def test_seed_without_edges__keeps_all_of_its_own() -> None:
    assert exact(propagate(graph_of([("a", "b", 1.0)], {"a": 1.0, "alone": 3.0})))["alone"] == 0.75


def test_why__strange_node__refused() -> None:
    with pytest.raises(BadInput, match="'nobody'"):
        why(propagate(graph_of([("a", "b", 1.0)], {"a": 1.0})), "nobody")


def test_why__around_a_cycle__the_strongest_and_the_rest() -> None:
    found = why(propagate(graph_of([("a", "b", 1.0), ("b", "a", 1.0)], {"a": 1.0})), "b", most=2)
    assert [way.nodes for way in found.ways] == [("a", "b"), ("a", "b", "a", "b")]
    assert [way.share for way in found.ways] == [0.25, 0.0625]
    assert found.others == pytest.approx(1 / 3 - 0.3125)


def test_why__nothing_arrives__no_ways() -> None:
    assert why(propagate(graph_of([("a", "b", 1.0), ("c", "b", 1.0)], {"a": 1.0})), "c").ways == ()


# The same integers whatever found them.


@pytest.mark.parametrize("keep", [0.5, 0.02])
def test_methods__push_factors_krylov__same_integers(keep: float, monkeypatch: pytest.MonkeyPatch) -> None:
    edges, seeds = gg24()
    found = []
    for rounds, large, method in ((512, 20_000, "push"), (4, 20_000, "lu"), (4, 0, "krylov")):
        monkeypatch.setattr(credit_solver, "MOST_ROUNDS", rounds)
        monkeypatch.setattr(credit_solver, "LARGE_PART", large)
        credit = propagate(graph_of(edges, seeds, keep=keep))
        assert credit.method == method
        found.append(credit.shares)
    assert found[0] == found[1] == found[2]


def test_large_part_that_mixes_fast__without_factors__same_integers_as_with(monkeypatch: pytest.MonkeyPatch) -> None:
    rnd = random.Random(5)
    edges = [(f"{u:04}", f"{rnd.randrange(1_600):04}", rnd.random()) for u in range(1_600) for _ in range(8)]
    graph = graph_of(edges, {"0000": 1.0}, keep=1e-4)
    quick = propagate(graph)
    assert quick.method == "krylov"
    monkeypatch.setattr(credit_solver, "LARGE_PART", 10**9)
    slow = propagate(graph)
    assert slow.method == "lu" and slow.shares == quick.shares


def test_large_ring__where_quick_methods_stall__factors() -> None:
    credit = propagate(graph_of(ring(5_000), {"0000": 1.0}, keep=1e-6))
    assert credit.method == "lu"
    assert exact(credit)["0000"] == pytest.approx(1e-6 / -((1 - 1e-6) ** 5_000 - 1), rel=1e-9)


def test_solve__floats_alone__agree_with_the_certified() -> None:
    edges, seeds = gg24()
    graph = graph_of(edges, seeds)
    _, payouts, left = solve(graph)
    assert left < 1e-15
    assert list(payouts) == pytest.approx([share / WHOLE for share in propagate(graph).shares], abs=1e-15)


# Against elimination in fractions, and what must hold for every graph.

NAMES = "abcdefgh"
some_edges = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from([0.25, 1.0, 2.0, 3.0, 7.5, 1e-3])),
    min_size=1,
    max_size=24,
)
some_seeds = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([0.5, 1.0, 3.0]), min_size=1)
some_keep = st.sampled_from([0.01, 0.25, 0.5, 0.9, 1.0])


@settings(max_examples=80, deadline=None)
@given(some_edges, some_seeds, some_keep)
def test_random_graphs__fractions_agree_and_mass_is_kept(
    edges: list[Edge], seeds: dict[str, float], keep: float
) -> None:
    credit = propagate(graph_of(edges, seeds, keep))
    assert exact(credit) == pytest.approx(
        {k: float(v) for k, v in dense_payouts(edges, seeds, keep).items()}, abs=1e-15
    )
    assert abs(sum(credit.shares) - WHOLE) <= len(credit.shares)
    assert sum(credit.amounts(10**18).values()) == 10**18


@settings(max_examples=40, deadline=None)
@given(some_edges, some_seeds, some_keep)
def test_random_graphs__posted_integers__the_nearest_to_the_exact_payouts(
    edges: list[Edge], seeds: dict[str, float], keep: float
) -> None:
    graph = graph_of(edges, seeds, keep)
    nearest = [floor(payout * WHOLE + Fraction(1, 2)) for payout in payouts_of(graph)]
    assert list(propagate(graph).shares) == nearest


def test_posted_integers__exactly_between_two__the_upper_one() -> None:
    chain = [(f"{place:03}", f"{place + 1:03}", 1.0) for place in range(100)]
    credit = propagate(graph_of(chain, {"000": 1.0}))
    assert credit.shares[94:] == (2, 1, 1, 0, 0, 0, 0)  # 2^-95, 2^-96, 2^-97 ... in units of 2^-96


@settings(max_examples=40, deadline=None)
@given(some_edges, some_seeds, some_keep, st.randoms(use_true_random=False))
def test_order_and_names__do_not_matter(edges: list[Edge], seeds: dict[str, float], keep: float, rnd: object) -> None:
    first = {}
    for parent, dependency, weight in edges:
        first.setdefault((parent, dependency), weight)
    plain = [(parent, dependency, weight) for (parent, dependency), weight in first.items()]
    mixed = list(plain)
    rnd.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = propagate(graph_of(plain, seeds, keep)), propagate(graph_of(mixed, seeds, keep))
    assert one.shares == other.shares
    renamed = {name: chr(ord("z") - place) for place, name in enumerate(NAMES)}
    again = exact(
        propagate(
            graph_of(
                [(renamed[a], renamed[b], w) for a, b, w in plain], {renamed[k]: v for k, v in seeds.items()}, keep
            )
        )
    )
    assert {name: again[renamed[name]] for name in exact(one)} == pytest.approx(
        exact(one), abs=1e-16
    )  # whole units of 2^-62 that are left over go by name


@settings(max_examples=40, deadline=None)
@given(some_edges, some_seeds, some_keep)
def test_more_weight_on_an_edge__never_less_for_its_leaf(
    edges: list[Edge], seeds: dict[str, float], keep: float
) -> None:
    edges = [*edges, ("a", "leaf", 1.0)]
    more = [*edges[:-1], ("a", "leaf", 2.0)]
    before, after = (propagate(graph_of(each, {**seeds, "a": 1.0}, keep)) for each in (edges, more))
    assert exact(after)["leaf"] >= exact(before)["leaf"]


def test_second_solver__knows_the_two_ways() -> None:
    edges, seeds, own, _ = toy()
    keep = {name: own.get(name, 1.0) for name in {n for a, b, _ in edges for n in (a, b)}}
    assert float(credit_graphs.dense_payouts(edges, seeds, keep)[LIBERTARIAN]) == pytest.approx(0.04665, abs=5e-7)
