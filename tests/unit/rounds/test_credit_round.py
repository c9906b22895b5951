"""Rounds of deep funding from files: settled, verified, tampered with, and everything that is refused."""

import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from oracle.domain.errors import BadInput
from oracle.mechanism.credit import propagate
from oracle.mechanism.credit_graph import build
from oracle.rounds import settle
from oracle.rounds.credit import Credit
from oracle.rounds.folder import RESULT, Folder
from oracle.rounds.kind import Tools
from oracle.rounds.kinds import KINDS
from tests.support.credit_graphs import DATA, PUBLISHED_MIX, toy
from tests.support.rounds import change, mistakes_of, posted, set_rule

ONE, TWO = "0x" + "1" * 40, "0x" + "2" * 40
KEYS, NET, MATH, NOBODY = ("0x" + digit * 40 for digit in "abc0")
LIST = f"lists/{ONE}.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "round")
    settle.init(made, Credit(), "A wallet", 1_000_003)
    return made


def test_round__credit_and_amounts__as_the_kernel_says(folder: Folder) -> None:
    result, amounts = posted(folder)
    assert KINDS["credit"].name == "credit" and settle.verify(folder, Tools()) == []
    assert sum(amounts.values()) == 1_000_003
    assert sum(result["credit"].values()) == sum(result["weights"].values()) == 10**18
    weights = {name: value / 10**18 for name, value in result["weights"].items()}
    rows = [line.split(",") for line in folder.read("items.csv").decode().split()[1:]]
    lists = [folder.read(f"lists/{account}.csv").decode().split()[1:] for account in (ONE, TWO)]
    mixed = []
    for place in range(len(rows)):
        one, two = (float(own[place].rsplit(",", 1)[1]) for own in lists)
        mixed.append(one ** weights[ONE] * two ** weights[TWO])  # the equal list has logarithm 0
    graph = build([a for a, _, _ in rows], [b for _, b, _ in rows], mixed, {"app/wallet": 1.0})
    expected = propagate(graph).payouts()
    assert {name: share / 10**18 for name, share in result["credit"].items()} == pytest.approx(
        expected, abs=1e-10
    )  # logarithms are in units of 2^-32
    assert amounts[MATH] == pytest.approx(0.9 * 1_000_003 * expected["lib/math"], abs=1)
    lists_paid = amounts[ONE] + amounts[TWO]
    assert lists_paid == pytest.approx(100_000.3 * (weights[ONE] + weights[TWO]), abs=2)


def test_round__the_two_level_example__libertarian_share(tmp_path: Path) -> None:
    """The article's picture from a round: its two lists and a jury that agrees with their mix."""
    made = Folder(tmp_path / "toy")
    data = json.loads((DATA / "toy_two_level.json").read_text())
    _, _, own, labels = toy()
    edges = [(data["root"], top) for top in data["items"]] + [
        (t, n) for t, below in data["items"].items() for n in below
    ]

    def table(values: list[float]) -> str:
        rows, place = [], 0
        for top, below in data["items"].items():
            rows.append((data["root"], top, values[place]))
            rows += [(top, name, values[place + 3 + number]) for number, name in enumerate(below)]
            place += 3 + len(below)
        return "parent,dependency,weight\n" + "".join(f'{a},"{b}",{c}\n' for a, b, c in rows)

    answers = "parent,a,b,better,times\n"
    for parent in (data["root"], *data["items"]):
        below = [name for a, name in edges if a == parent]
        for a, b in pairwise(below):
            ratio = labels[parent, a] / labels[parent, b]
            better, times = ("a", ratio) if ratio >= 1 else ("b", 1 / ratio)
            answers += f'{parent},"{a}","{b}",{better},{times:.12f}\n'
    rule = {"house": False, "gate": "0", "tau": "0", "submitters": "0", "answers_per_list": 0}
    shares = {data["root"]: "0"} | {top: repr(share) for top, share in own.items()}
    document = {
        "format": "gengov/round/v1",
        "kind": "credit",
        "title": "toy",
        "prize": 10**6,
        "rule": rule | {"self_shares": shares},
    }
    made.write(
        {
            "round.json": json.dumps(document).encode(),
            "items.csv": ("parent,dependency\n" + "".join(f'{a},"{b}"\n' for a, b in edges)).encode(),
            f"lists/{ONE}.csv": table(data["lists"]["gpt_o1"]).encode(),
            f"lists/{TWO}.csv": table(data["lists"]["deepseek"]).encode(),
            "answers.csv": answers.encode(),
        }
    )
    result, _ = posted(made)
    assert result["weights"][ONE] / 10**18 == pytest.approx(PUBLISHED_MIX["gpt_o1"], abs=1e-5)
    name = "libertarian minarchism and anarchism (rothbard, nozick, rand)"
    assert result["credit"][name] / 10**18 == pytest.approx(0.046650, abs=5e-7)


def test_round__result_tampered_with__difference_named(folder: Folder) -> None:
    result, _ = posted(folder)
    share = str(result["credit"]["lib/math"])
    change(folder, RESULT, share, str(int(share) + 1))
    assert any("credit.lib/math" in line for line in settle.verify(folder, Tools()))


def test_round__submitters_get_all_or_nothing__as_the_rule_says(folder: Folder) -> None:
    set_rule(folder, submitters="1")
    _, amounts = posted(folder)
    assert set(amounts) <= {ONE, TWO, NOBODY}
    set_rule(folder, submitters="0")
    _, amounts = posted(folder)
    assert set(amounts) == {KEYS, NET, MATH, NOBODY}


def test_round__seeds_and_self_shares__move_the_credit(folder: Folder) -> None:
    set_rule(folder, seeds={"lib/keys": "1"}, self_shares={"lib/keys": "0.25"}, self_share="0")
    result, _ = posted(folder)
    assert Fraction(result["credit"]["lib/keys"], 10**18) == Fraction(1, 4)
    assert "lib/net" not in result["credit"]


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (LIST, "lib/keys,50", "lib/keys,5O", (LIST, "row 2", "weight", "'5O'")),
        (LIST, "lib/keys,50", "lib/keys,0", (LIST, "row 2", "not above 0")),
        (LIST, "lib/net,30\n", "", (LIST, "ends without app/wallet -> lib/net")),
        (LIST, "app/wallet,lib/net,30\n", "app/wallet,lib/nat,30\n", (LIST, "row 3", "'lib/nat'", "ends without")),
        (LIST, "app/wallet,lib/net", "app/wallet,lib/keys", (LIST, "row 3", "twice")),
        ("items.csv", "app/wallet,lib/net", "app/wallet,LIB/keys", ("items.csv", "row 3", "twice")),
        ("items.csv", "app/wallet,lib/net", "app/wallet,app/WALLET", ("items.csv", "row 3", "on itself")),
        ("items.csv", KEYS, "0xabc", ("items.csv", "row 2", "no address")),
        ("items.csv", f"lib/net,lib/math,{MATH}", f"lib/net,lib/math,{NET}", ("items.csv", "row 7", "above")),
        ("answers.csv", "lib/net,a,1.5", "lib/math,a,1.5", ("answers.csv", "row 2", "column b", "'lib/math'")),
        ("answers.csv", "lib/net,a,1.5", "lib/keys,a,1.5", ("answers.csv", "row 2", "itself")),
        ("answers.csv", "lib/net,a,1.5", "lib/net,a,0.5", ("answers.csv", "row 2", "times")),
        ("answers.csv", "lib/net,a,1.5", "lib/net,1,1.5", ("answers.csv", "row 2", "better")),
    ],
)
def test_bad_cell__named(folder: Folder, name: str, old: str, new: str, words: tuple[str, ...]) -> None:
    change(folder, name, old, new)
    said = "\n".join(mistake.message for mistake in mistakes_of(folder))
    assert all(word in said for word in words), said


def test_cycle_without_self_share__refused_by_name(folder: Folder) -> None:
    text = folder.read("items.csv").decode() + "lib/math,lib/keys,-\n"
    folder.write({"items.csv": text.encode()})
    for account in (ONE, TWO):
        name = f"lists/{account}.csv"
        folder.write({name: folder.read(name) + b"lib/math,lib/keys,1\n"})
    assert mistakes_of(folder) == []
    set_rule(folder, self_share="0")
    with pytest.raises(Exception, match="lib/keys -> lib/math -> lib/keys"):
        settle.load(folder)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"self_share": "1.5"}, "self_share"),
        ({"submitters": "x"}, "submitters"),
        ({"seeds": {"lib/keys": "-1"}}, "seeds"),
        ({"self_shares": {"lib/keys": "2"}}, "between 0 and 1"),
        ({"self_shares": {"stranger": "0.1"}}, "'stranger'"),
        ({"commitments": [ONE]}, "commitments"),
    ],
)
def test_bad_rule__named(folder: Folder, values: dict[str, object], words: str) -> None:
    set_rule(folder, **values)
    assert words in "\n".join(mistake.message for mistake in mistakes_of(folder))


def test_no_list_no_edges_no_answers_two_tops__named(folder: Folder, tmp_path: Path) -> None:
    folder.write({"items.csv": folder.read("items.csv") + b"other/app,lib/log,-\n"})
    for account in (ONE, TWO):
        name = f"lists/{account}.csv"
        folder.write({name: folder.read(name) + b"other/app,lib/log,1\n"})
    assert "app/wallet, other/app" in mistakes_of(folder)[0].message
    folder.write({"answers.csv": b"parent,a,b,better,times\n"})
    assert "no answers" in mistakes_of(folder)[0].message
    folder.write({"items.csv": b"parent,dependency\n"})
    assert "no edges" in mistakes_of(folder)[0].message
    bare = Folder(tmp_path / "bare")
    settle.init(bare, Credit(), "bare", 1)
    for account in (ONE, TWO):
        (bare.path / f"lists/{account}.csv").unlink()
    assert "no list" in mistakes_of(Folder(bare.path))[0].message


def test_parse__refusals_are_of_the_family(folder: Folder) -> None:
    set_rule(folder, seeds={"lib/keys": "0"})
    assert all(isinstance(mistake, BadInput) for mistake in mistakes_of(folder)) and mistakes_of(folder)
