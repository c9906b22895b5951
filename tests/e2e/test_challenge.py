"""`gengov challenge` typed by hand on a live proposal: every verb, and every way in which one is refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from oracle.enclave.quote import document
from tests.e2e.conftest import ROOT, Gengov


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gengov]:
    """A kept devnet whose latest proposal is being voted on."""
    gengov = Gengov(tmp_path_factory.mktemp("challenge"))
    gengov("devnet", "demo", "--keep")
    yield gengov
    gengov("devnet", "down")


@pytest.fixture
def gengov(live: Gengov) -> Gengov:
    """The same start for every test."""
    live("devnet", "reset")
    return live


OPEN = ("challenge", "open", "latest", "--as", "challenger", "--yes")
INSIST = (*OPEN, "--ground", "samples", "--anyway")


def sign(gengov: Gengov, role: str) -> Path:
    """A member's signed verdict in a file."""
    path = gengov.folder / f"{role}.json"
    gengov("challenge", "verdict", "latest", "--as", role, "--yes", "--out", str(path))
    return path


def test_status__before_any_case__says_what_a_challenge_costs_and_brings(gengov: Gengov) -> None:
    found = gengov.json("challenge", "status")
    assert found["case"] is None and found["next_stake"] == 500_000_000
    assert found["challenger_gets_if_invalid"] == 500_000_000 + found["bond"] // 2
    assert found["proposer_gets_if_valid"] == 250_000_000
    text = gengov("challenge", "status")
    assert "nobody challenged it" in text and "ruled invalid, the challenger gets" in text


def test_open__on_a_proposal_that_verifies__is_refused_before_anything_is_signed(gengov: Gengov) -> None:
    gengov(*OPEN, code=1)
    assert "verifies: a challenge would lose 500 mUSDC" in gengov.said
    gengov(*OPEN, "--anyway", code=1)  # insisting takes a ground
    gengov(*OPEN, "--ground", "taste", code=2)
    assert gengov.json("challenge", "status")["case"] is None


def test_open__anyway__then_no_second_case(gengov: Gengov) -> None:
    told = gengov(*INSIST)
    assert "the case is open" in told
    assert "ruled valid, the stake is lost" in gengov.said
    assert gengov.json("challenge", "status")["case"]["ground"] == "samples"
    gengov(*INSIST, code=1)
    assert "open already" in gengov.said
    assert "round 1 open" in gengov("challenge", "status")


def test_open__what_cannot_be_checked_here__takes_insisting(gengov: Gengov) -> None:
    devnet = json.loads((gengov.folder / ".gengov" / "devnet.json").read_text())
    lines = [f'{name} = "{devnet[name]}"' for name in ("rpc", "deployment", "home")]
    (gengov.folder / "empty").mkdir(exist_ok=True)
    (gengov.folder / "blind.toml").write_text("\n".join([*lines, 'models = "empty"', ""]))
    blind = ("--config", "blind.toml")
    gengov(*OPEN, "--ground", "samples", *blind, code=2)
    assert gengov.json("challenge", "status")["case"] is None
    told = gengov.json(*INSIST, *blind)
    assert told["sent"] is True and told["evidence"] == "" and "not checked: " in gengov.said


def test_open__dry_run__sends_nothing(gengov: Gengov) -> None:
    gengov(*INSIST, "--dry-run")
    assert gengov.json("challenge", "status")["case"] is None


def test_open__too_late_or_without_money__is_refused(gengov: Gengov) -> None:
    gengov("challenge", "open", "latest", "--as", "operator", "--ground", "samples", "--anyway", "--yes", code=1)
    assert "the account has 0 mUSDC" in gengov.said
    gengov("devnet", "skip", "30m")
    gengov(*INSIST, code=1)
    assert "can not be challenged" in gengov.said


def test_open__after_the_vote_and_before_it_is_queued__is_still_possible(gengov: Gengov) -> None:
    gengov("devnet", "skip", "1s")
    for who in ("alice", "bob"):
        gengov("vote", "cast", "latest", "for", "--as", who, "--yes")
    left = gengov.json("proposal", "show")["vote_until"] - gengov.json("slot", "show")["now"]
    gengov("devnet", "skip", f"{left + 2}s")
    found = gengov.json("challenge", "status")
    assert found["state"] == "Succeeded" and found["challengeable_until"] > 0
    assert "with 500 mUSDC, until" in gengov("challenge", "status")
    assert "the case is open" in gengov(*INSIST)


def test_an_inbox_that_is_gone__stops_no_one_who_has_files(gengov: Gengov) -> None:
    gengov(*INSIST)
    devnet = json.loads((gengov.folder / ".gengov" / "devnet.json").read_text())
    lines = [f'{name} = "{devnet[name]}"' for name in ("rpc", "deployment", "home", "models")]
    (gengov.folder / "gone.toml").write_text("\n".join([*lines, 'inboxes = ["nowhere"]', ""]))
    settings, signed = ("--yes", "--config", "gone.toml"), list[str]()
    gengov("challenge", "verdict", "latest", "--as", "verifier1", *settings, code=1)
    assert "no inbox takes the verdict" in gengov.said
    (gengov.folder / "nowhere").write_text("")
    for role in ("verifier1", "verifier2"):
        made = gengov.json("challenge", "verdict", "latest", "--as", role, "--out", f"{role}.json", *settings)
        assert made["left_at"] == [f"{role}.json"]
        signed += ["--signed", f"{role}.json"]
    assert gengov.json("challenge", "status", "--config", "gone.toml")["verdicts"] == []
    assert "no inbox answers" in gengov.said
    assert gengov.json("challenge", "settle", "latest", "--as", "bob", *signed, *settings)["ruling"] == "valid"


def test_verdicts_by_hand__two_of_three__rule_and_leave_evidence(gengov: Gengov) -> None:
    gengov(*INSIST)
    first = sign(gengov, "verifier1")
    gengov("challenge", "settle", "latest", "--as", "bob", "--yes", "--signed", str(first), code=1)
    assert "2 members must sign the same verdict" in gengov.said and "valid" in gengov.said
    second = sign(gengov, "verifier3")
    signed = ("--signed", str(first), "--signed", str(second))
    settled = gengov.json("challenge", "settle", "latest", "--as", "bob", "--yes", *signed)
    assert (settled["by"], settled["ruling"], settled["open"]) == ("relay", "valid", False)
    made = gengov.json("challenge", "evidence", "latest")
    assert made["same"] is True and made["ruled_on"] == made["evidence_hash"]
    assert made["repeat"].startswith("gengov challenge evidence ")
    assert "this very evidence" in gengov("challenge", "evidence")
    assert gengov.json("challenge", "withdraw", "--as", "prompter", "--yes")["amount"] >= 250_000_000
    gengov("challenge", "withdraw", "--as", "challenger", "--yes", code=1)
    assert "nothing is credited" in gengov.said


def test_verdicts__through_a_shared_folder__need_no_files(gengov: Gengov) -> None:
    gengov(*INSIST)
    shared = gengov.folder / "inbox"
    shared.mkdir(exist_ok=True)
    devnet = json.loads((gengov.folder / ".gengov" / "devnet.json").read_text())
    lines = [f'{name} = "{devnet[name]}"' for name in ("rpc", "deployment", "home", "models")]
    (gengov.folder / "member.toml").write_text("\n".join([*lines, f'inboxes = ["{shared}"]', ""]))
    settings = ("--config", "member.toml")
    for role in ("verifier1", "verifier2"):
        made = gengov.json("challenge", "verdict", "latest", "--as", role, "--yes", *settings)
        assert made["attestation"] == "unattested"  # there is no such hardware here, and none is pretended
    told = gengov.json("challenge", "status", *settings)["verdicts"]
    assert [(each["ruling"], each["attestation"]) for each in told] == [("valid", "unattested")] * 2
    assert gengov("challenge", "status", *settings).count("unattested") == 2
    settled = gengov.json("challenge", "settle", "latest", "--as", "bob", "--yes", *settings)
    assert settled["ruling"] == "valid"


def test_oracles_of_members__sign_and_relay_through_an_inbox_that_one_serves(gengov: Gengov) -> None:
    gengov(*INSIST)
    devnet = json.loads((gengov.folder / ".gengov" / "devnet.json").read_text())
    lines = [f'{name} = "{devnet[name]}"' for name in ("rpc", "deployment", "home", "models")]
    settings = [*lines, 'roles = ["verifier"]', 'inbox_listen = "127.0.0.1:0"', ""]
    (gengov.folder / "keeper.toml").write_text("\n".join(settings))
    walk = ("node", "run", "--once", "--config", "keeper.toml", "--yes")
    first = gengov.json(*walk, "--as", "verifier1")
    assert [step["stage"] for step in first["steps"] if step["done"]] == ["verify", "sign"]
    assert "the committee's inbox is open at http://127.0.0.1:" in gengov.said
    second = gengov.json(*walk, "--as", "verifier2")
    assert [step["stage"] for step in second["steps"] if step["done"]] == ["sign", "relay"]  # they share a ledger here
    assert gengov.json("challenge", "status")["case"]["ruling"] == "valid"


def test_verdict__of_a_stranger_or_with_nowhere_to_go__is_refused(gengov: Gengov) -> None:
    gengov("challenge", "verdict", "latest", "--as", "verifier1", "--yes", code=1)
    assert "no case" in gengov.said
    gengov(*INSIST)
    gengov("challenge", "verdict", "latest", "--as", "alice", "--yes", code=1)
    assert "no member" in gengov.said
    gengov("challenge", "verdict", "latest", "--as", "verifier1", "--yes", code=1)
    assert "no inbox" in gengov.said


def test_verdict__with_a_quote_of_something_else__is_refused(gengov: Gengov) -> None:
    """A real quote, but over another hash, and of a July long past on a chain that skipped ahead."""
    gengov(*INSIST)
    folder = ROOT / "tests" / "data" / "privacy"
    collateral = (folder / "tdx_quote_collateral.json").read_text()
    (gengov.folder / "quote.json").write_bytes(document((folder / "tdx_quote").read_bytes(), collateral))
    sign_with = ("challenge", "verdict", "latest", "--as", "verifier1", "--yes", "--attestation", "quote.json")
    gengov(*sign_with, "--out", "v.json", code=1)
    assert "no enclave_policy is set" in gengov.said
    devnet = json.loads((gengov.folder / ".gengov" / "devnet.json").read_text())
    lines = [f'{name} = "{devnet[name]}"' for name in ("rpc", "deployment", "home", "models")]
    (gengov.folder / "policy.toml").write_text(f'[[allow]]\nkind = "tdx"\nmr_td = "{"00" * 48}"\n')
    (gengov.folder / "attested.toml").write_text("\n".join([*lines, 'enclave_policy = "policy.toml"', ""]))
    gengov(*sign_with, "--out", "v.json", "--config", "attested.toml", code=1)
    assert "does not verify" in gengov.said and not (gengov.folder / "v.json").exists()


def test_settle__files_of_no_use__are_named(gengov: Gengov) -> None:
    gengov("challenge", "settle", "latest", "--as", "bob", "--yes", code=1)
    assert "nothing to settle" in gengov.said
    gengov(*INSIST)
    settle = ("challenge", "settle", "latest", "--as", "bob", "--yes", "--signed")
    gengov(*settle, "nowhere.json", code=2)
    assert "nowhere.json" in gengov.said
    (gengov.folder / "half.json").write_text("{")
    gengov(*settle, "half.json", code=2)
    path = sign(gengov, "verifier1")
    forged = path.read_text().replace('"ruling":"valid"', '"ruling":"invalid"')
    (gengov.folder / "forged.json").write_text(forged)
    gengov(*settle, "forged.json", code=1)
    assert "did not sign it" in gengov.said


def test_settle__overdue__ends_by_time(gengov: Gengov) -> None:
    gengov(*INSIST)
    gengov("devnet", "skip", "2h")
    settled = gengov.json("challenge", "settle", "latest", "--as", "bob", "--yes")
    assert (settled["by"], settled["ruling"]) == ("timeout", "invalid")


def test_publish__ends_a_challenge_of_absence__and_only_once(gengov: Gengov) -> None:
    gengov(*OPEN, "--ground", "data-unavailable", "--anyway")
    gengov("challenge", "settle", "latest", "--as", "bob", "--yes", code=1)
    assert "may be published until" in gengov.said
    gengov("challenge", "verdict", "latest", "--as", "verifier1", "--yes", code=1)
    assert "needs no judge" in gengov.said
    published = gengov.json("challenge", "publish", "latest", "--as", "bob", "--yes")
    assert published["ended_case"] is True and published["bytes"] > 1_000
    assert gengov.json("challenge", "status")["case"]["ruling"] == "valid"
    gengov("challenge", "publish", "latest", "--as", "bob", "--yes", code=1)
    assert "on chain already" in gengov.said


def test_evidence__written_to_a_file__is_what_is_printed(gengov: Gengov) -> None:
    made = gengov.json("challenge", "evidence", "latest", "--out", "evidence.json")
    assert (gengov.folder / "evidence.json").read_text() == made["evidence"]
    assert made["same"] is None and made["ruling"] is None
    gengov("challenge", "evidence", "latest", "--out", "no/such/folder.json", code=2)
