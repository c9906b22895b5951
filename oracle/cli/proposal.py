"""`gengov proposal`: what the model proposed, in words, and how far governance has come with it."""

import json
from typing import Annotated, Any

import typer

from oracle.cli.accounts import proposal_id
from oracle.cli.calls import describe_data
from oracle.cli.command import command
from oracle.cli.output import out
from oracle.cli.session import Session
from oracle.cli.words import bps, tok, when
from oracle.domain.errors import GengovError, Refused
from oracle.domain.proposal import ProposalState, Track
from oracle.mechanism import data_file
from oracle.ports.chain import Event
from oracle.wiring import Organisation

app = typer.Typer(name="proposal", no_args_is_help=True, help="Proposals of the model: list, show, verify, explain.")


@command(app, "list")
def list_(session: Session) -> None:
    """Every proposal that was posted, newest first."""
    org = session.organisation
    posted = org.chain.events("PromptUpdate", "ProposalPosted", first=org.file.block)
    rows = [_row(org, event) for event in reversed(posted)]

    def render() -> None:
        for row in rows:
            out.print(
                f"epoch {row['epoch']:<6}{row['state']:<11}{row['track']:<6}margin {bps(row['gamma_bps']):<10}"
                f"{row['proposal_id']}"
            )
        if not rows:
            out.print("no proposal was posted yet")

    session.emit({"proposals": rows}, render)


@command(app, "show")
def show(session: Session, proposal: Annotated[str, typer.Argument(help="Proposal id, or latest.")] = "latest") -> None:
    """One proposal: its calls in words, margins, track, votes, times, and where its data lies."""
    org = session.organisation
    number = proposal_id(org, proposal)
    data = facts(org, number)
    session.emit(data, lambda: render_facts(org, data))


def facts(org: Organisation, number: int) -> dict[str, Any]:
    """Everything about a proposal that chain and store know. Refused if no slot posted it."""
    posted = org.chain.events("PromptUpdate", "ProposalPosted", first=org.file.block, where={"proposalId": number})
    if not posted:
        raise Refused(f"no slot posted a proposal {number}", hint="gengov proposal list")
    event, read = posted[-1], org.chain.read
    snapshot = read("Governance", "proposalSnapshot", number)
    against, favour, abstain = read("Governance", "proposalVotes", number)
    created = org.chain.events("Governance", "ProposalCreated", first=event.block_number, last=event.block_number)
    calls = next(e.args for e in created if e.args["proposalId"] == number)
    generation = event.args["generation"]
    file = _read_data(org, generation.dataDigest, event.args["uri"])
    names = file.get("names", {})
    return _row(org, event) | {
        "prompter": event.args["prompter"],
        "model_id": generation.modelId,
        "dispersion_bps": generation.dispersionBps,
        "pick": generation.pick,
        "actions": [
            {"target": target, "value": value, "calldata": data, "words": describe_data(org.chain, target, data, names)}
            for target, value, data in zip(calls["targets"], calls["values"], calls["calldatas"], strict=True)
        ],
        "votes": {"for": favour, "against": against, "abstain": abstain},
        "quorum": read("Governance", "quorumOf", number) if org.chain.head().timestamp > snapshot else None,
        "vote_from": snapshot,
        "vote_until": read("Governance", "proposalDeadline", number),
        "eta": read("Governance", "proposalEta", number),
        "blocked_until": read("DisputeResolver", "executionBlockedUntil", number),
        "data": file,
    }


def render_facts(org: Organisation, data: dict[str, Any]) -> None:
    """Print the facts of a proposal for people."""
    now = org.chain.head().timestamp
    out.print(f"[bold]proposal {data['proposal_id']}[/]")
    out.print(f"  {'state':<14}[cyan]{data['state']}[/], {data['track']} track, epoch {data['epoch']}")
    for action in data["actions"]:
        out.print(f"  {'does':<14}{action['words']}", markup=False)
    found = data["data"]
    if found.get("rationale"):
        out.print(f"  {'because':<14}{found['rationale']}", markup=False)
    out.print(
        f"  {'margin':<14}{bps(data['gamma_bps'])} over every other action, dispersion {bps(data['dispersion_bps'])}"
    )
    votes = data["votes"]
    quorum = "known once voting begins" if data["quorum"] is None else tok(org, data["quorum"])
    out.print(
        f"  {'votes':<14}for {tok(org, votes['for'])}, against {tok(org, votes['against'])}, "
        f"abstain {tok(org, votes['abstain'])}; quorum {quorum}"
    )
    out.print(f"  {'voting':<14}from {when(data['vote_from'], now)} to {when(data['vote_until'], now)}")
    if data["eta"]:
        out.print(f"  {'executable':<14}from {when(data['eta'], now)}; it can be challenged until then")
    out.print(f"  {'data':<14}{found['uri']}\n  {'':<14}sha256 0x{found['digest'].hex()} · {found['status']}")


def _row(org: Organisation, event: Event) -> dict[str, Any]:
    number = event.args["proposalId"]
    return {
        "proposal_id": number,
        "epoch": event.args["epoch"],
        "state": ProposalState(org.chain.read("Governance", "state", number)).name.capitalize(),
        "track": Track(org.chain.read("Governance", "trackOf", number)).name.lower(),
        "gamma_bps": event.args["generation"].gammaBps,
    }


def _read_data(org: Organisation, digest: bytes, uri: str) -> dict[str, Any]:
    """The data file behind a proposal, if this store has it; what it says is checked, not believed."""
    found: dict[str, Any] = {"digest": digest, "uri": uri}
    try:
        file = data_file.loads(org.store.get(digest))
    except GengovError as error:
        return found | {"status": error.message}
    chosen = file.samples[file.pick]
    payload = file.payloads[file.pick] or {}
    return found | {
        "status": f"{file.valid} of {len(file.samples)} samples valid, sample {file.pick} is the median",
        "asked": len(file.samples),
        "valid": file.valid,
        "answer": chosen.text,
        "payload": payload,
        "rationale": _rationale(chosen.text),
        "names": {candidate.address: candidate.title for candidate in file.prompt.candidates},
    }


def _rationale(text: str) -> str:
    """The reason in an answer; parsing again what the data file was checked to hold."""
    value = json.loads(text).get("rationale", "")
    return str(value)
