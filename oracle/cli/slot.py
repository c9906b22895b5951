"""`gengov slot`: where the auction, the slot and its proposal stand."""

from typing import Annotated, Any

import typer

from oracle.cli.amounts import TOKEN_DECIMALS, parse_amount
from oracle.cli.command import command
from oracle.cli.output import out
from oracle.cli.session import Session
from oracle.cli.words import res, tok, when
from oracle.ports.chain import Call
from oracle.wiring import Organisation

app = typer.Typer(name="slot", no_args_is_help=True, help="Where the auction of an epoch and the open slot stand.")

STAGES = (
    "upcoming",
    "commit",
    "reveal",
    "settle",
    "seed",
    "submit",
    "vacant",
    "lapsed",
    "posted",
    "abstained",
    "forfeited",
)
"""Names of PromptUpdate's stages, numbered as on chain."""


@command(app, "show")
def show(
    session: Session,
    epoch: Annotated[int, typer.Argument(help="Epoch; the one that can be bid for if omitted.", min=0)] = 0,
) -> None:
    """Stage, windows, reserve price and auction of an epoch, and the open slot."""
    org = session.organisation
    now = org.chain.head().timestamp
    wanted = epoch or org.chain.read("PromptUpdate", "currentEpoch") + 1
    data = _facts(org, wanted) | {"now": now, "open_slot": _open_slot(org)}
    session.emit(data, lambda: _render(org, data, now))


def _facts(org: Organisation, epoch: int) -> dict[str, Any]:
    read = org.chain.read
    windows, auction = read("PromptUpdate", "windowsOf", epoch), read("PromptUpdate", "auction", epoch)
    won = int(auction.winner, 16) != 0
    return {
        "epoch": epoch,
        "stage": STAGES[read("PromptUpdate", "stage", epoch)],
        "commit_from": windows.commitStart,
        "reveal_from": windows.revealStart,
        "settle_from": windows.start,
        "submit_until": windows.submitEnd,
        "reserve_price": read("PromptUpdate", "reservePrice", epoch),
        "required_collateral": read("PromptUpdate", "requiredCollateral", epoch),
        "winner": auction.winner if won else None,
        "setter": auction.setter if won else None,
        "model_id": auction.modelId if won else None,
        "price": auction.price if won else None,
        "seed": auction.seed if any(auction.seed) else None,
    }


def _open_slot(org: Organisation) -> dict[str, Any] | None:
    slot_id = org.chain.read("PromptUpdate", "openSlot")
    if not slot_id:
        return None
    slot = org.chain.read("PromptUpdate", "slot", slot_id)
    empty = int(slot.prompter, 16) == 0
    return {
        "id": slot_id,
        "epoch": slot.epoch,
        "prompter": None if empty else slot.prompter,
        "setter": slot.setter,
        "proposal_id": slot.proposalId or None,
        "price": slot.price,
        "opened_at": slot.openedAt,
    }


def _render(org: Organisation, data: dict[str, Any], now: int) -> None:
    out.print(f"[bold]epoch {data['epoch']}[/]  stage [cyan]{data['stage']}[/]")
    for label, key in (
        ("bids from", "commit_from"),
        ("reveal from", "reveal_from"),
        ("settle from", "settle_from"),
        ("submit until", "submit_until"),
    ):
        out.print(f"  {label:<16}{when(data[key], now)}")
    out.print(f"  {'reserve price':<16}{tok(org, data['reserve_price'])}")
    out.print(f"  {'collateral':<16}{tok(org, data['required_collateral'])} of each side")
    if data["winner"]:
        out.print(f"  {'leading bid':<16}{data['winner']} at {tok(org, data['price'])}")
    slot = data["open_slot"]
    if slot is None:
        out.print("no slot is open")
        return
    who = slot["prompter"] or "nobody (empty slot)"
    out.print(f"[bold]slot {slot['id']}[/]  of epoch {slot['epoch']}, open since {when(slot['opened_at'], now)}")
    out.print(f"  {'prompter':<16}{who}")
    out.print(f"  {'weight setter':<16}{slot['setter']}")
    out.print(f"  {'price':<16}{tok(org, slot['price'])}")
    out.print(f"  {'market cap':<16}{res(org, org.chain.read('BToken', 'marketCap'))}")


@command(app, "collateral", writes=True)
def collateral(
    session: Session,
    amount: Annotated[str, typer.Argument(help="Whole tokens; 0 with --announce.")],
    announce: Annotated[bool, typer.Option("--announce", help="Give notice of a withdrawal.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take out instead of putting in.")] = False,
) -> None:
    """Put up collateral for your side of slots; announce a withdrawal, and take it out in the announced window."""
    org = session.organisation
    tokens = parse_amount(amount, TOKEN_DECIMALS, "amount")
    if announce:
        session.write(Call("PromptUpdate", "announceWithdrawal"), why="Give notice that collateral will be withdrawn")
    elif withdraw:
        session.write(Call("PromptUpdate", "withdrawCollateral", (tokens,)), why=f"Take out {tok(org, tokens)}")
    else:
        session.approve("BToken", "PromptUpdate", tokens, tok(org, tokens))
        session.write(Call("PromptUpdate", "depositCollateral", (tokens,)), why=f"Put up {tok(org, tokens)}")
    read = org.chain.read
    first, last = read("PromptUpdate", "withdrawalWindow", session.account)
    data = {
        "account": session.account,
        "collateral": read("PromptUpdate", "collateralOf", session.account),
        "locked": read("PromptUpdate", "lockedCollateralOf", session.account),
        "withdraw_from": first,
        "withdraw_until": last,
    }
    session.emit(
        data, lambda: out.print(f"collateral {tok(org, data['collateral'])}, of it locked {tok(org, data['locked'])}")
    )


@command(app, "exit", writes=True)
def exit_(session: Session) -> None:
    """Leave the open slot as its weight setter: no slot is open afterwards, and no more is earned or lost."""
    receipt = session.write(Call("PromptUpdate", "exitSlot"), why="Close the open slot with no successor")
    session.emit({"sent": receipt is not None}, lambda: out.print("the slot is closed" if receipt else "not sent"))
