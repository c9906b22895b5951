"""`gengov bid`: a sealed bid from commit to withdrawal. The salt is on disk before the bid is on chain."""

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from oracle import wiring
from oracle.cli.accounts import model_id
from oracle.cli.amounts import TOKEN_DECIMALS, parse_amount
from oracle.cli.command import command
from oracle.cli.output import err, out
from oracle.cli.prompt import read_file
from oracle.cli.session import Session
from oracle.cli.words import res, tok, when
from oracle.domain.errors import BadInput, Refused
from oracle.domain.prompt import Prompt
from oracle.domain.records import SealedBid
from oracle.domain.slot import Opening
from oracle.mechanism import prompt_rules
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.seed import bid_commitment
from oracle.ports.chain import Call

app = typer.Typer(name="bid", no_args_is_help=True, help="A sealed bid: commit, reveal, withdraw; keep its salt safe.")

Epoch = Annotated[int, typer.Option(help="Epoch of the slot; the one that is due if omitted.", min=0)]


@command(app, "commit", writes=True)
def commit(
    session: Session,
    amount: Annotated[str, typer.Option(help="Your bid in whole tokens; the winner pays the second price.")],
    prompt: Annotated[Path, typer.Option(help="Prompt document (JSON).")],
    deposit: Annotated[str, typer.Option(help="Tokens to lock, at least the bid; more hides the bid.")] = "",
    model: Annotated[str, typer.Option(help="Model by name or 0x id.")] = "",
) -> None:
    """Commit a sealed bid for the next epoch. Its salt is written to the ledger and to a copy beside it first."""
    org, chain = session.organisation, session.organisation.chain
    document = read_file(prompt)
    bid = _seal(session, amount, deposit or amount, model, document)
    windows = chain.read("PromptUpdate", "windowsOf", bid.epoch)
    now = chain.head().timestamp
    call = Call("PromptUpdate", "commitBid", (bid.epoch, bid.commitment, bid.deposit))

    def keep() -> None:
        org.ledger.save_prompt(bid.prompt_hash, prompt_rules.encode(document))
        org.ledger.save_bid(bid)

    session.approve("BToken", "PromptUpdate", bid.deposit, tok(org, bid.deposit))
    receipt = session.write(
        call,
        why=f"Seal a bid of {tok(org, bid.amount)} for epoch {bid.epoch}, deposit {tok(org, bid.deposit)}",
        deadline=f"reveal from {when(windows.revealStart, now)} to {when(windows.start, now)}, or 5 % of it burns",
        before=keep,
    )
    bond = chain.read("PromptUpdate", "parameter", b"proposalBond".ljust(32, b"\0"))
    session.emit(
        {
            "epoch": bid.epoch,
            "bidder": bid.bidder,
            "commitment": bid.commitment,
            "amount": bid.amount,
            "deposit": bid.deposit,
            "reveal_from": windows.revealStart,
            "reveal_until": windows.start,
            "sent": receipt is not None,
        },
        lambda: out.print(
            f"sealed for epoch {bid.epoch}: reveal between {when(windows.revealStart, now)} and "
            f"{when(windows.start, now)}\nyou will need a bond of {res(org, bond)} to post; "
            "a copy of the salt: gengov bid export"
        ),
    )


@command(app, "reveal", writes=True)
def reveal(session: Session, epoch: Epoch = 0) -> None:
    """Open your sealed bid, once the reveal phase of its epoch has begun."""
    org = session.organisation
    bid = _own(session, epoch)
    opening = Opening(bid.amount, bid.model_id, bid.prompt_hash, bid.salt)
    receipt = session.write(
        Call("PromptUpdate", "revealBid", (bid.epoch, bid.bidder, opening.as_abi())),
        why=f"Open the bid of {tok(org, bid.amount)} for epoch {bid.epoch}",
    )
    leads = next((e.args["leads"] for e in receipt.events if e.name == "BidRevealed"), False) if receipt else False
    session.emit(
        {"epoch": bid.epoch, "amount": bid.amount, "leads": leads, "sent": receipt is not None},
        lambda: out.print(f"epoch {bid.epoch}: the bid {'leads' if leads else 'is open'}"),
    )


@command(app, "withdraw", writes=True)
def withdraw(session: Session, epoch: Epoch = 0) -> None:
    """Take back what is left of the deposit of a bid that did not win, or whose slot is over."""
    org = session.organisation
    bid = _own(session, epoch)
    amount, slashed = org.chain.read("PromptUpdate", "withdrawableBid", bid.epoch, bid.bidder)
    receipt = session.write(
        Call("PromptUpdate", "withdrawBid", (bid.epoch, bid.bidder)),
        why=f"Withdraw {tok(org, amount)} of epoch {bid.epoch}" + (f", {tok(org, slashed)} burn" if slashed else ""),
    )
    session.emit(
        {"epoch": bid.epoch, "amount": amount, "slashed": slashed, "sent": receipt is not None},
        lambda: out.print(f"epoch {bid.epoch}: {tok(org, amount)} are back"),
    )


@command(app, "list")
def list_(session: Session) -> None:
    """The sealed bids in this ledger and what became of them."""
    org = session.organisation
    rows: list[dict[str, Any]] = []
    for bid in org.ledger.bids():
        found = org.chain.read("PromptUpdate", "bidOf", bid.epoch, bid.bidder)
        state = ("not committed", "sealed", "revealed", "posted", "abstained", "forfeited")[found.status]
        rows.append({"epoch": bid.epoch, "bidder": bid.bidder, "amount": bid.amount, "status": state})

    def render() -> None:
        for row in rows:
            out.print(f"epoch {row['epoch']:<6}{row['bidder']}  {tok(org, row['amount']):<20}{row['status']}")
        if not rows:
            out.print("no sealed bid in this ledger")

    session.emit({"bids": rows}, render)


@command(app, "export")
def export(session: Session, file: Annotated[Path, typer.Argument(help="New file for the back-up.")]) -> None:
    """Write all sealed bids with their salts to a file. Whoever has it can open your bids: keep it safe."""
    try:
        with file.open("x", encoding="utf-8") as target:
            file.chmod(0o600)
            target.write(session.organisation.ledger.export_bids())
    except FileExistsError:
        raise Refused(f"{file} exists", hint="name a new file: a back-up is never written over") from None
    except OSError as error:
        raise BadInput(f"cannot write {file}: {error.strerror}") from error
    count = len(session.organisation.ledger.bids())
    session.emit({"bids": count, "file": str(file)}, lambda: out.print(f"{count} sealed bids are in {file}"))


@command(app, "import")
def import_(session: Session, file: Annotated[Path, typer.Argument(help="File of `bid export`.")]) -> None:
    """Add the sealed bids of a back-up to this ledger."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {file}: {error}") from error
    added = session.organisation.ledger.import_bids(text)
    session.emit({"added": added}, lambda: out.print(f"{added} sealed bids were added"))


def _seal(session: Session, amount: str, deposit: str, model: str, document: Prompt) -> SealedBid:
    """Checks everything that can be known before the reveal, and draws the salt. Refused names what is missing."""
    org, chain = session.organisation, session.organisation.chain
    bid_amount = parse_amount(amount, TOKEN_DECIMALS, "--amount")
    locked = parse_amount(deposit, TOKEN_DECIMALS, "--deposit")
    epoch = chain.read("PromptUpdate", "currentEpoch") + 1
    reserve = chain.read("PromptUpdate", "reservePrice", epoch)
    if bid_amount < reserve:
        raise Refused(
            f"--amount: {tok(org, bid_amount)} is below the reserve price of epoch {epoch}, {tok(org, reserve)}",
            hint="bid at least that, or wait: the reserve price falls with every empty epoch",
        )
    if locked < bid_amount:
        raise Refused(
            f"--deposit: {tok(org, locked)} do not cover the bid of {tok(org, bid_amount)}",
            hint="lock at least the bid; more hides how high it is",
        )
    has = chain.read("BToken", "balanceOf", session.account) - chain.read("BToken", "lockedOf", session.account)
    if has < locked:
        raise Refused(
            f"--deposit: the account can move {tok(org, has)}, not {tok(org, locked)}", hint="gengov token buy AMOUNT"
        )
    _check_prompt(session, document)
    chosen = model_id(org, model)
    _check_collateral(session, chosen, epoch)
    _check_rules(session, document, chosen)
    salt = _kept_salt(session, epoch, (bid_amount, locked, chosen, prompt_rules.prompt_hash(document)))
    opening = Opening(bid_amount, chosen, prompt_rules.prompt_hash(document), salt)
    commitment = bid_commitment(chain.chain_id, chain.address("PromptUpdate"), epoch, session.account, opening)
    return SealedBid(
        epoch=epoch,
        bidder=session.account,
        amount=bid_amount,
        deposit=locked,
        model_id=chosen,
        prompt_hash=opening.prompt_hash,
        salt=opening.salt,
        commitment=commitment,
    )


def _kept_salt(session: Session, epoch: int, figures: tuple[int, int, bytes, bytes]) -> bytes:
    """A fresh salt; that of the bid in the ledger if its commit never arrived. Refused if there is another bid.

    The transaction of a bid that was cut off may still arrive: a second salt would then be the wrong one.
    """
    org = session.organisation
    kept = org.ledger.bid(epoch, session.account)
    if kept is None:
        return secrets.token_bytes(32)
    if org.chain.read("PromptUpdate", "bidOf", epoch, session.account).status:
        raise Refused(f"{session.account} has a bid for epoch {epoch} already", hint="gengov bid list")
    if (kept.amount, kept.deposit, kept.model_id, kept.prompt_hash) != figures:
        raise Refused(
            f"the ledger holds another bid for epoch {epoch} whose commit was cut off: {tok(org, kept.amount)}, "
            f"deposit {tok(org, kept.deposit)}",
            hint="repeat the command with those figures and that prompt; the same salt is sent again",
        )
    return kept.salt


def _check_prompt(session: Session, document: Prompt) -> None:
    chain = session.organisation.chain
    if document.chain_id != chain.chain_id:
        raise Refused(
            f"--prompt: the prompt is for chain {document.chain_id}, this is chain {chain.chain_id}",
            hint="make it from this chain's state: gengov prompt new",
        )
    if document.block > chain.head().number:
        raise Refused(f"--prompt: block {document.block} is not mined yet", hint="gengov prompt new")


def _check_rules(session: Session, document: Prompt, chosen: bytes) -> None:
    """A prompt that names other sampling rules than its model's manifest could be posted, and would be refuted."""
    try:
        committed = wiring.committed_sampler(session.organisation, chosen)
    except BadInput:
        return  # the folder may lie where the samples will be drawn
    if document.sampler_id != f"0x{sampler_id(committed).hex()}":
        raise Refused(
            f"--prompt: it names sampler {document.sampler_id}, model 0x{chosen.hex()} is committed to "
            f"0x{sampler_id(committed).hex()}",
            hint="make it for this model: gengov prompt new --model",
        )


def _check_collateral(session: Session, chosen: bytes, epoch: int) -> None:
    org, chain = session.organisation, session.organisation.chain
    start = chain.read("PromptUpdate", "windowsOf", epoch).commitStart
    if not chain.read("ModelRegistry", "usable", chosen, start):
        raise Refused(
            f"--model: 0x{chosen.hex()} cannot be used in epoch {epoch}",
            hint="it must be approved, and registered at least a day before bidding began: gengov model list",
        )
    needs = chain.read("PromptUpdate", "requiredCollateral", epoch)
    setter = chain.read("ModelRegistry", "setterOf", chosen)
    if setter == session.account:
        needs *= 2  # one account on both sides holds a lock for each
    for account, name in ((session.account, "you"), (setter, "the model's weight setter")):
        free = chain.read("PromptUpdate", "collateralOf", account) - chain.read(
            "PromptUpdate", "lockedCollateralOf", account
        )
        if free < needs:
            raise Refused(
                f"{name} ({account}) put up {tok(org, free)} of free collateral, a slot needs {tok(org, needs)}",
                hint="gengov slot collateral AMOUNT",
            )


def _own(session: Session, epoch: int) -> SealedBid:
    """The signer's sealed bid of `epoch`, or its latest one. Refused if this ledger has none."""
    ledger = session.organisation.ledger
    mine = [bid for bid in ledger.bids() if bid.bidder == session.account and epoch in (0, bid.epoch)]
    if not mine:
        where = f" for epoch {epoch}" if epoch else ""
        raise Refused(
            f"this ledger has no sealed bid of {session.account}{where}",
            hint="name the account that bid, or bring its back-up in: gengov bid import FILE",
        )
    if not epoch and len(mine) > 1:
        err.print(f"[dim]the latest of {len(mine)} bids; --epoch names another[/]")
    return mine[-1]
