"""What the deploy script leaves behind, seen from Brownie."""

from pathlib import Path
from types import SimpleNamespace

from brownie import chain, reverts, run

from oracle.chain import deployments
from scripts.deployment import checks, session

NONE = b"\0" * 32


def test_chain_and_deployment_file_agree(org: SimpleNamespace) -> None:
    opened = session.active()
    artifacts = {name: opened.project._build.get(name)["deployedBytecode"] for name in checks.CONTRACTS}
    assert checks.differences(opened.web3, org.file, artifacts) == []


def test_brownie_runs_the_deploy_script(module_isolation: None, tmp_path: Path) -> None:
    out = tmp_path / "deployment.json"
    run("deploy", "main", kwargs={"out": str(out)})
    assert deployments.read(out, chain_id=chain.id).profile == "local"


def test_deployer_cannot_mint(org: SimpleNamespace) -> None:
    with reverts(revert_pattern="AccessControlUnauthorizedAccount: .*"):
        org.BToken.governanceMint(org.deployer, 1, {"from": org.deployer})


def test_nobody_proposes_past_the_model(org: SimpleNamespace) -> None:
    with reverts(revert_pattern="OnlyPromptUpdate: .*"):
        org.Governance.propose([org.BToken], [0], ["0x"], "mine", {"from": org.deployer})


def test_nobody_executes_past_the_governor(org: SimpleNamespace) -> None:
    with reverts(revert_pattern="AccessControlUnauthorizedAccount: .*"):
        org.TimelockController.schedule(org.BToken, 0, "0x", NONE, NONE, 10**6, {"from": org.deployer})


def test_nobody_approves_a_model_but_the_timelock(org: SimpleNamespace) -> None:
    with reverts(revert_pattern="OnlyTimelock: .*"):
        org.ModelRegistry.setStatus(org.model, 2, {"from": org.deployer})
