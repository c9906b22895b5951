"""A slot by hand, command after command, as the people of the organisation would type it."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

from oracle.chain.web3chain import Web3Chain
from oracle.domain.errors import Unreachable
from oracle.storage.cid import cid_of
from tests.e2e.conftest import ROOT, Gengov

TOKEN = 10**18
REQUEST = """
objective = "results"
budget = 30

[[candidates]]
title = "Seed library"
address = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
ask = 20
done = 9

[[candidates]]
title = "Repair cafe"
address = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"
ask = 12
done = 1
late = 4
"""


def test_token__quote_buy_sell__the_curve_pays_what_it_quoted(gengov: Gengov, devnet: Any) -> None:
    quoted = gengov.json("token", "quote", "buy", "25")
    bought = gengov.json("token", "buy", "25", "--as", "alice", "--yes")
    assert bought["cost"] == quoted["reserve"] and bought["tokens"] == 25 * TOKEN
    assert [tx["function"] for tx in bought["transactions"]][-1] == "BToken.permissionlessMint"
    gengov("token", "sell", "420", "--as", "alice", "--yes", code=1)  # 25 of 425 are locked
    quoted = gengov.json("token", "quote", "sell", "10")
    sold = gengov.json("token", "sell", "10", "--as", "alice", "--yes")
    assert sold["reward"] == quoted["reserve"]
    shown = gengov.json("token", "show", "alice")
    assert shown["balance"] == 415 * TOKEN and shown["locked"] == 25 * TOKEN


def test_devnet_fund__from_the_faucet__can_be_spent(gengov: Gengov, devnet: Any) -> None:
    before = gengov.json("token", "show", "bob")["reserve_balance"]
    assert gengov.json("devnet", "fund", "bob", "12.5")["balance"] == before + 12_500_000


def test_slot_collateral__put_in_announced_taken_out__only_in_its_window(gengov: Gengov, devnet: Any) -> None:
    put = gengov.json("slot", "collateral", "5", "--as", "carol", "--yes")
    assert (put["collateral"], put["locked"]) == (5 * TOKEN, 0)
    gengov("slot", "collateral", "5", "--withdraw", "--as", "carol", "--yes", code=3)
    assert "OutsideWindow" in gengov.said
    announced = gengov.json("slot", "collateral", "0", "--announce", "--as", "carol", "--yes")
    _skip_to(gengov, announced["withdraw_from"])
    assert gengov.json("slot", "collateral", "5", "--withdraw", "--as", "carol", "--yes")["collateral"] == 0


def test_slot_exit__nothing_open__reverted_by_name(gengov: Gengov, devnet: Any) -> None:
    gengov("slot", "exit", "--as", "setter", "--yes", code=3)
    assert "NoOpenSlot" in gengov.said


def test_vote_delegate__own_tokens__become_votes_of_another(gengov: Gengov, devnet: Any) -> None:
    before = gengov.json("token", "show", "bob")["votes"]
    gengov("vote", "delegate", "bob", "--as", "carol", "--yes")
    assert gengov.json("token", "show", "bob")["votes"] == before + 200 * TOKEN
    gengov("vote", "delegate", "self", "--as", "carol", "--yes")


def test_slot__by_hand__bid_reveal_oracle_vote_execute(gengov: Gengov, devnet: Any, folder: Path) -> None:
    (folder / "request.toml").write_text(REQUEST)
    prompt = folder / "slot.json"
    made = gengov.json("prompt", "new", "request.toml", "--out", str(prompt))
    assert gengov.json("prompt", "render", str(prompt))["prompt_hash"] == made["prompt_hash"]
    gengov("prompt", "new", "request.toml", "--out", str(prompt), code=1)
    named = gengov.json("prompt", "new", "request.toml", "--out", "named.json", "--model", "gengov-tiny")
    assert named["block"] >= made["block"]
    gengov("prompt", "lint", str(prompt))

    words = ("bid", "commit", "--amount", "1", "--prompt", str(prompt), "--as", "rival", "--yes", "--dry-run")
    assert gengov.json(*words)["sent"] is False
    assert "once the approval above is" in gengov.said
    assert gengov.json("bid", "list")["bids"] == []

    _to_commit_phase(gengov)
    words = ("bid", "commit", "--amount", "1", "--prompt", str(prompt), "--as", "rival")
    gengov(*words, code=1, stdin="y\nn\n")
    assert gengov.json("bid", "list")["bids"] == []  # said no, so free to bid something else

    with patch.object(Web3Chain, "broadcast", side_effect=Unreachable("cut off")):
        gengov(*words, "--yes", code=4)
    gengov(*words[:3], "2", *words[4:], "--yes", code=1)
    assert "whose commit was cut off" in gengov.said
    kept = gengov.json("bid", "list")["bids"]
    assert gengov.json(*words, "--yes")["sent"] is True  # the same salt again
    assert [row | {"status": "sealed"} for row in kept] == gengov.json("bid", "list")["bids"]

    words = ("bid", "commit", "--amount", "5", "--deposit", "20", "--prompt", str(prompt), "--as", "prompter", "--yes")
    bid = gengov.json(*words)
    words = ("bid", "commit", "--amount", "6", "--prompt", str(prompt), "--as", "prompter", "--yes")
    gengov(*words, code=1)
    assert "has a bid for epoch" in gengov.said  # a second one for the same epoch would overwrite the first salt
    gengov("bid", "export", "salts.json")
    gengov("bid", "export", "salts.json", code=1)
    assert gengov.json("bid", "import", "salts.json")["added"] == 0

    gengov("bid", "reveal", "--as", "prompter", "--yes", code=3)
    assert "OutsideWindow" in gengov.said
    _skip_to(gengov, bid["reveal_from"])
    late = ("bid", "commit", "--amount", "6", "--prompt", str(prompt), "--as", "setter", "--yes")
    gengov(*late, code=3)
    assert "OutsideWindow" in gengov.said
    assert gengov.json("bid", "reveal", "--as", "prompter", "--yes")["leads"] is True
    _skip_to(gengov, bid["reveal_until"])

    stages = _walk(gengov)
    assert "settle" in stages
    gengov("devnet", "skip", "1s")
    for _ in range(9):
        gengov("devnet", "skip", "1s")
    stages = _walk(gengov)
    assert {"fix_seed", "sample", "select", "post"} <= stages
    assert _walk(gengov) == set()

    proposal = gengov.json("proposal", "show")
    assert proposal["data"]["valid"] >= 67 and proposal["state"] in ("Pending", "Active")
    _verify(gengov, folder, proposal)
    explained = gengov.json("proposal", "explain")
    assert (explained["pick"], explained["gamma_bps"]) == (proposal["pick"], proposal["gamma_bps"])
    gengov("proposal", "explain", str(proposal["proposal_id"]), "--home", "elsewhere", code=4)
    assert "no document" in gengov.said
    gengov("proposal", "explain", "7", code=1)
    assert "no slot posted a proposal 7" in gengov.said
    gengov("devnet", "skip", "2s")
    gengov("vote", "cast", "latest", "for", "--as", "verifier1", "--yes", code=1)
    assert "has no votes" in gengov.said
    for who in ("alice", "bob"):
        gengov("vote", "cast", "latest", "for", "--as", who, "--yes")
    gengov("vote", "cast", "latest", "for", "--as", "alice", "--yes", code=1)
    assert "has voted" in gengov.said

    _skip_to(gengov, proposal["vote_until"] + 1)
    assert "queue" in _walk(gengov)
    gengov("vote", "cast", "latest", "for", "--as", "carol", "--yes", code=1)
    assert "votes count while it is active" in gengov.said
    _skip_to(gengov, gengov.json("proposal", "show")["eta"])
    assert "execute" in _walk(gengov)
    assert gengov.json("proposal", "list")["proposals"][0]["state"] == "Executed"
    rest = gengov.json("bid", "withdraw", "--as", "prompter", "--yes")
    assert rest["amount"] == 20 * TOKEN - TOKEN // 1000  # alone, one pays the reserve price, not the bid


def test_model__committed_by_another_setter__is_listed_unapproved(gengov: Gengov, devnet: Any) -> None:
    model = ROOT / "models" / "gengov-tiny"
    made = gengov.json("model", "commit", str(model), "--uri", "ipfs://somewhere", "--as", "bob", "--yes")
    assert made["tokens_tried"] > 500
    assert made["sampler_approved"]
    assert "the timelock approves the model, on the slow track" in gengov.said
    listed = {row["model_id"]: row["status"] for row in gengov.json("model", "list")["models"]}
    assert listed[made["model_id"]] == "registered"
    gengov("model", "commit", str(model), "--uri", "ipfs://somewhere", "--as", "bob", "--yes", code=1)
    assert "registered already" in gengov.said


def _verify(gengov: Gengov, folder: Path, proposal: Any) -> None:
    """Anyone checks what was posted, from the store or from a copy; without the data nobody can."""
    found = gengov.json("proposal", "verify")
    assert found["valid"] is True and found["samples"] == 100 and found["engine"] == "exact:gengov-tiny"
    assert found["proposal_id"] == proposal["proposal_id"]
    digest = bytes.fromhex(proposal["data"]["digest"][2:])
    (stored,) = [path for path in folder.rglob(cid_of(digest)) if path.is_file()]
    copy = stored.rename(folder / "copy.json")
    nowhere = gengov.json("proposal", "verify", code=4)
    assert nowhere["failure"]["ground"] == "data-unavailable" and nowhere["valid"] is False
    gengov("proposal", "verify", str(proposal["proposal_id"]), "--data", "copy.json")
    assert (
        gengov.json("proposal", "verify", "--data", "copy.json", "--model", str(ROOT / "models" / "gengov-tiny"))[
            "valid"
        ]
        is True
    )
    gengov("proposal", "verify", "latest", "--data", "request.toml", code=2)
    assert "this is not the data of proposal" in gengov.said
    gengov("proposal", "verify", "7", code=2)
    copy.rename(stored)


def _to_commit_phase(gengov: Gengov) -> None:
    slot = gengov.json("slot", "show")
    if slot["stage"] != "commit" or slot["reveal_from"] - slot["now"] < 60:
        _skip_to(gengov, slot["settle_from"])


def _skip_to(gengov: Gengov, timestamp: int) -> None:
    now = gengov.json("slot", "show")["now"]
    gengov("devnet", "skip", f"{max(timestamp - now, 1)}s")


def _walk(gengov: Gengov) -> set[str]:
    found = gengov.json("node", "run", "--once", "--as", "prompter")
    return {step["stage"] for step in found["steps"] if step["done"]}
