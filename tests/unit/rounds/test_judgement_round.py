"""Rounds of judgement from files: settled, verified, tampered with, and everything that is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from oracle.domain.errors import BadInput, Refused
from oracle.mechanism import judgement
from oracle.mechanism.payouts import largest_remainder
from oracle.rounds import settle
from oracle.rounds.folder import PAYOUTS, RESULT, Folder
from oracle.rounds.judgement import HOUSE, Judgement, halves
from oracle.rounds.kind import Tools
from oracle.rounds.kinds import KINDS
from tests.support import judging

ONE, TWO, NOISE = ("0x" + digit * 40 for digit in "123")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "round")
    settle.init(made, Judgement(), "Groceries", 1_000_003)
    return made


def change(folder: Folder, name: str, old: str, new: str) -> None:
    text = folder.read(name).decode()
    assert old in text
    folder.write({name: text.replace(old, new, 1).encode()})


def rule(folder: Folder, **values) -> None:
    document = json.loads(folder.read("round.json"))
    document["rule"] |= values
    folder.write({"round.json": json.dumps(document).encode()})


def post(folder: Folder) -> tuple[dict, dict[str, int]]:
    made = settle.post(folder, Tools())
    folder.write(made)
    rows = made[PAYOUTS].decode().split()[1:]
    return json.loads(made[RESULT]), {account: int(amount) for account, amount in (row.split(",") for row in rows)}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind__its_skeleton__checks_settles_and_verifies(tmp_path: Path, name: str) -> None:
    made = Folder(tmp_path / name)
    settle.init(made, KINDS[name], "To try", 1_000_003)
    found, mistakes = settle.examine(made)
    assert found and not mistakes
    pinned = made.inputs_root
    files = settle.post(made, Tools())
    made.write(files)
    assert settle.verify(made, Tools()) == []
    assert made.inputs_root == pinned and made.root != pinned
    amounts = [int(row.split(b",")[1]) for row in files[PAYOUTS].splitlines()[1:]]
    assert sum(amounts) in (0, 1_000_003)


def test_post__skeleton__noise_is_gated_and_the_prize_is_split_to_the_last_unit(folder: Folder) -> None:
    result, paid = post(folder)
    assert result["gated"] == [NOISE] and result["support"] == [ONE, TWO]
    assert sum(result["weights"].values()) == 10**18
    assert paid == largest_remainder({account: result["weights"][account] for account in (ONE, TWO)}, 1_000_003)


def test_post__house_earns_a_share__its_account_is_paid(folder: Folder) -> None:
    answers = ["a,b,better,times"] + [f"apples,bread,{'ab'[k % 2]},1.5" for k in range(40)]
    folder.write({"answers.csv": "\n".join(answers).encode()})
    result, paid = post(folder)
    assert result["weights"]["house"] == 10**18 and paid == {HOUSE: 1_000_003}
    rule(folder, house_account=TWO)
    assert post(folder)[1] == {TWO: 1_000_003}
    rule(folder, house=False)
    with pytest.raises(Refused, match="no list passes the gate"):
        post(folder)


def test_post__a_copy__earns_nothing_unless_it_was_committed_first(folder: Folder) -> None:
    copy = "0x" + "4" * 40
    folder.write({f"lists/{copy}.csv": folder.read(f"lists/{ONE}.csv").replace(b"apples,33", b"apples,33.4")})
    fair = post(folder)[1]
    assert copy not in fair and post(folder)[0]["copies"] == {copy: ONE}
    rule(folder, commitments=[copy, ONE, TWO, NOISE])
    result, paid = post(folder)
    assert result["copies"] == {ONE: copy} and set(paid) == {copy, TWO}


def test_post__more_lists_than_the_cap__the_latest_are_left_out(folder: Folder) -> None:
    rule(folder, answers_per_list=30)
    assert post(folder)[0]["over_cap"] == [TWO]
    rule(folder, answers_per_list=30, commitments=[TWO, ONE, NOISE])
    result, paid = post(folder)
    assert result["over_cap"] == [ONE] and set(paid) == {TWO}
    rule(folder, answers_per_list=0, gate="0", tau="0")
    assert post(folder)[0]["over_cap"] == [] and post(folder)[0]["gated"] == []


def test_verify__huber__outliers_are_confirmed(folder: Folder) -> None:
    rule(folder, loss="huber", delta="0.05")
    result, _ = post(folder)
    assert result["outliers"]
    assert settle.verify(folder, Tools()) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (RESULT, '"answers":30', '"answers":31', "result.json: answers is 31, should be 30"),
        (RESULT, '"house":0', '"house":1', "result.json: weights.house is 1, should be 0"),
        (RESULT, f'"support":["{ONE}",', '"support":[', "result.json: support is"),
        (RESULT, '"outliers":[]', '"outliers":[7]', "result.json: outliers is [7], should be []"),
        (RESULT, '"copies":{},', "", "result.json: copies is missing"),
        (RESULT, '"copies":{}', '"copies":{},"extra":1', "result.json: extra does not belong there"),
        (RESULT, '"copies":{}', '"copies": {}', "result.json: is not in canonical form"),
        (RESULT, '"answers":30', '"answers":true', "result.json: answers is true, should be 30"),
        (RESULT, "{", "", "result.json: not JSON"),
        (PAYOUTS, f"{ONE},", f"{ONE},1", f"payouts.csv, row 2: is '{ONE},1"),
        (PAYOUTS, "account,amount\n", "account,amount\n\n", "payouts.csv, row 2"),
        ("lists/" + TWO + ".csv", "bread,30", "bread,29", "result.json: inputs is"),
    ],
)
def test_verify__changed_after_posting__the_first_difference_is_named(folder: Folder, name, old, new, told) -> None:
    post(folder)
    change(folder, name, old, new)
    assert settle.verify(folder, Tools())[0].startswith(told)


def test_verify__nothing_posted__refused(folder: Folder) -> None:
    with pytest.raises(BadInput, match=r"there is no result.json"):
        settle.verify(folder, Tools())


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (f"lists/{ONE}.csv", "bread,22", "bread,2Z2", f"lists/{ONE}.csv, row 3, column weight: '2Z2' is not a number"),
        (f"lists/{ONE}.csv", "bread,22", "bread,0", f"lists/{ONE}.csv, row 3, column weight: '0' is not above 0"),
        (f"lists/{ONE}.csv", "bread,22\n", "", f"lists/{ONE}.csv, row 6: the list ends without 'bread'"),
        (f"lists/{ONE}.csv", "bread,22", "bread,22\nbread,22", "row 4, column item: 'bread' stands in row 3 too"),
        (f"lists/{ONE}.csv", "bread", "beer", f"lists/{ONE}.csv, row 3, column item: 'beer' is not among the items"),
        ("answers.csv", "bread,cheese", "bread,beer", "answers.csv, row 7, column b: 'beer' is not among the items"),
        ("answers.csv", "bread,cheese", "bread,bread", "answers.csv, row 7, column b: 'bread' is compared with itself"),
        (
            "answers.csv",
            "apples,bread,a,1.20",
            "apples,bread,c,1.20",
            "row 2, column better: 'c' is none of a, b, 1, 2",
        ),
        ("answers.csv", "a,1.20", "a,0.20", "answers.csv, row 2, column times: '0.20' is below 1"),
        (
            "items.csv",
            "bread,food",
            "bread,drink",
            "answers.csv, row 2, column b: 'bread' is of group 'drink', 'apples'",
        ),
        ("items.csv", "bread,food", "apples,food", "items.csv, row 3, column item: 'apples' stands in row 2 too"),
        ("round.json", '"gate": "0.1"', '"gate": "x"', "round.json: rule: gate: is not a number (is 'x')"),
        ("round.json", '"gate": "0.1"', '"gate": "-1"', "round.json: rule: gate: must be 0 or above"),
        ("round.json", '"gate": "0.1"', '"gate": 0.1', "round.json: 0.1 is not an integer"),
        (
            "round.json",
            '"loss": "square"',
            '"loss": "cube"',
            "round.json: rule: loss: Input should be 'square' or 'huber'",
        ),
        ("round.json", '"prize": 1000003', '"prize": -1', "round.json: prize: Input should be greater than"),
        ("round.json", '"prize"', '"price"', "round.json: prize: Field required"),
        ("round.json", '"kind": "judgement"', '"kind": "vote"', "round.json: kind 'vote' is not known"),
        ("round.json", '"commit": 0', '"commit": 9', "round.json: deadlines: must grow from commit"),
        (
            "round.json",
            '"commitments": []',
            f'"commitments": ["{ONE}"]',
            "round.json: rule: commitments and lists/ differ",
        ),
    ],
)
def test_check__one_mistake__named_with_its_place(folder: Folder, name: str, old: str, new: str, told: str) -> None:
    change(folder, name, old, new)
    found, mistakes = settle.examine(folder)
    assert found is None
    assert any(told in mistake.message for mistake in mistakes), [mistake.message for mistake in mistakes]
    assert all(mistake.hint for mistake in mistakes)
    with pytest.raises(BadInput):
        settle.post(folder, Tools())


def test_check__mistakes_in_several_files__all_are_told(folder: Folder) -> None:
    change(folder, f"lists/{ONE}.csv", "bread,22", "bread,x")
    change(folder, f"lists/{TWO}.csv", "dates,9", "dates,-9")
    change(folder, "answers.csv", "a,1.20", "a,1.20O")
    _, mistakes = settle.examine(folder)
    places = [(getattr(one, "file", ""), getattr(one, "row", 0)) for one in mistakes]
    assert {("answers.csv", 2), (f"lists/{ONE}.csv", 3), (f"lists/{TWO}.csv", 5)} <= set(places)
    with pytest.raises(BadInput, match="more: gengov round check"):
        settle.load(folder)


def test_round__toy_of_the_published_article__its_weights(tmp_path: Path) -> None:
    toy, jury = judging.expected("toy_lists.json"), judging.expected("toy_jury.json")
    folder = Folder(tmp_path / "toy")
    settle.init(folder, Judgement(), "Who defeated Sauron?", 10**6)
    for name in (ONE, TWO, NOISE):
        (folder.path / f"lists/{name}.csv").unlink()
    accounts = {f"0x{k:040x}": name for k, name in enumerate(toy["lists"], 1)}
    for account, name in accounts.items():
        rows = zip(toy["items"], toy["lists"][name], strict=True)
        judging.write(folder.path / f"lists/{account}.csv", ("item", "weight"), rows)
    judging.write(folder.path / "items.csv", ("item",), [[item] for item in toy["items"]])
    keys = ("a", "b", "better", "times")
    judging.write(folder.path / "answers.csv", keys, ([one[key] for key in keys] for one in jury["answers"]))
    fresh = Folder(folder.path)
    rule(fresh, gate="0", answers_per_list=0, house=False)
    paid = post(fresh)[1]
    assert {accounts[account]: amount for account, amount in paid.items()} == {"claude": 198_989, "deepseek": 801_011}


def test_round__spam_of_two_hundred_lists__share_left_after_the_gate(tmp_path: Path) -> None:
    """As published rounds are: 45 repositories, 360 answers, two real lists; the spam is lognormal noise."""
    folder = Folder(tmp_path / "spam")
    settle.init(folder, Judgement(), "Spam", 10**6)
    answers = (judging.DATA / "trial2025_answers_first360.csv").read_bytes()
    lists = [(judging.DATA / file).read_text().splitlines()[1:] for file in judging.TRIAL.values()]
    items = sorted({row.split(",")[0] for row in lists[0]} & {row.split(",")[0] for row in lists[1]})
    for name in (ONE, TWO, NOISE):
        (folder.path / f"lists/{name}.csv").unlink()
    rng, accounts = np.random.default_rng(3), [f"0x{k:040x}" for k in range(1, 203)]
    for place, account in enumerate(accounts):
        rows = (
            [row.split(",") for row in lists[place]]
            if place < 2
            else zip(items, np.exp(rng.normal(0, 1, len(items))), strict=True)
        )
        judging.write(folder.path / f"lists/{account}.csv", ("item", "weight"), (r for r in rows if r[0] in items))
    judging.write(folder.path / "items.csv", ("item",), [[item] for item in items])
    (folder.path / "answers.csv").write_bytes(answers)
    result, paid = post(Folder(folder.path))
    spam = sum(amount for account, amount in paid.items() if account in accounts[2:])
    assert len(result["gated"]) >= 199 and spam <= 100_000
    assert paid[accounts[0]] > 300_000 and paid[accounts[1]] > 300_000


def test_confirm__uses_the_claim__and_is_not_misled_by_it(folder: Folder) -> None:
    post(folder)
    found = settle.load(folder)
    for claim in (
        {},
        {"support": 3, "outliers": "x"},
        {"support": [NOISE, 5, "house"], "outliers": [True, None, 10**9]},
    ):
        outcome = found.kind.confirm(found.inputs, found.rule, claim, Tools())
        assert outcome == found.kind.solve(found.inputs, found.rule, Tools())


def test_halves__a_pair_asked_twice__stays_on_one_side() -> None:
    places = np.array([0, 1, 0, 1]), np.array([1, 0, 2, 2])
    answers = judgement.Answers(("a", "b", "c"), *places, np.zeros(4, dtype=np.int64))
    side = halves(answers)
    assert side[0] == side[1]
