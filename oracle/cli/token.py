"""`gengov token`: the bonding curve - quote, buy, sell, and what an account holds."""

from typing import Annotated

import typer

from oracle.cli.accounts import address_or_role
from oracle.cli.amounts import TOKEN_DECIMALS, parse_amount
from oracle.cli.command import command
from oracle.cli.output import out
from oracle.cli.session import Session
from oracle.cli.words import res, tok
from oracle.domain.errors import Refused
from oracle.ports.chain import Call
from oracle.wiring import Organisation

app = typer.Typer(name="token", no_args_is_help=True, help="The token on its bonding curve: quote, buy, sell, show.")

Amount = Annotated[str, typer.Argument(help="Whole tokens, such as 12.5.")]
Slippage = Annotated[int, typer.Option(help="How far the price may move against you, in bps.", min=0, max=10_000)]
DEADLINE = 600
"""Seconds for which a purchase or sale stays good."""


@command(app, "show")
def show(
    session: Session,
    account: Annotated[str, typer.Argument(help="Address or devnet role; the whole organisation if omitted.")] = "",
) -> None:
    """Price, supply and market cap; with an account also what it holds, what is locked, and its votes."""
    org = session.organisation
    read = org.chain.read
    data: dict[str, object] = {
        "price": read("BToken", "currentPrice"),
        "market_cap": read("BToken", "marketCap"),
        "supply": read("BToken", "totalSupply"),
        "reserve": read("BToken", "reserve"),
    }
    if account:
        who = address_or_role(account)
        data |= {
            "account": who,
            "balance": read("BToken", "balanceOf", who),
            "locked": read("BToken", "lockedOf", who),
            "locked_until": read("BToken", "lockedUntil", who),
            "votes": read("BToken", "getVotes", who),
            "delegate": read("BToken", "delegates", who),
            "reserve_balance": read("ReserveToken", "balanceOf", who),
        }

    def render() -> None:
        for name, value in data.items():
            out.print(f"{name:<16}{_words(org, name, value)}")

    session.emit(data, render)


@command(app, "quote")
def quote(session: Session, side: Annotated[str, typer.Argument(help="buy or sell")], amount: Amount) -> None:
    """What buying or selling an amount costs or pays now, and how far it moves the price."""
    if side not in ("buy", "sell"):
        raise typer.BadParameter(f"{side!r} is neither buy nor sell")
    org = session.organisation
    tokens = _tokens(amount)
    before = org.chain.read("BToken", "currentPrice")
    worth = _cost(org, tokens) if side == "buy" else _reward(org, tokens)
    average = worth * 10**TOKEN_DECIMALS // tokens
    data = {"side": side, "tokens": tokens, "reserve": worth, "price": before, "average_price": average}

    def render() -> None:
        verb = "costs" if side == "buy" else "pays"
        out.print(f"{tok(org, tokens)} {verb} [bold]{res(org, worth)}[/]")
        out.print(f"[dim]price now {res(org, before)}, on average {res(org, average)} per {org.token_symbol}[/]")

    session.emit(data, render)


@command(app, "buy", writes=True)
def buy(session: Session, amount: Amount, slippage_bps: Slippage = 50) -> None:
    """Buy tokens on the curve. They cannot move for the mint lock."""
    org = session.organisation
    tokens = _tokens(amount)
    cost = _cost(org, tokens)
    limit = cost + cost * slippage_bps // 10_000
    has = org.chain.read("ReserveToken", "balanceOf", session.account)
    if has < cost:
        raise Refused(
            f"{tok(org, tokens)} cost {res(org, cost)}, the account has {res(org, has)}",
            hint="buy fewer, or get more of the reserve token (on a devnet: gengov devnet fund)",
        )
    session.approve("ReserveToken", "BToken", limit, f"at most {res(org, limit)}")
    why = f"Buy {tok(org, tokens)} for {res(org, cost)} (at most {res(org, limit)})"
    call = Call("BToken", "permissionlessMint", (tokens, limit, _deadline(org)))
    receipt = session.write(call, why=why, deadline=f"good for {DEADLINE // 60} minutes")
    paid = next((e.args["cost"] for e in receipt.events if e.name == "Minted"), cost) if receipt else cost
    session.emit(
        {"tokens": tokens, "cost": paid, "sent": receipt is not None},
        lambda: out.print(f"bought {tok(org, tokens)} for {res(org, paid)}" if receipt else "not sent"),
    )


@command(app, "sell", writes=True)
def sell(session: Session, amount: Amount, slippage_bps: Slippage = 50) -> None:
    """Sell tokens to the curve for reserve."""
    org = session.organisation
    tokens = _tokens(amount)
    has = org.chain.read("BToken", "balanceOf", session.account) - org.chain.read("BToken", "lockedOf", session.account)
    if has < tokens:
        raise Refused(
            f"you want to sell {tok(org, tokens)}, the account can move {tok(org, has)}",
            hint="sell fewer, or wait until the mint lock ends: gengov token show ACCOUNT",
        )
    reward = _reward(org, tokens)
    limit = reward - reward * slippage_bps // 10_000
    why = f"Sell {tok(org, tokens)} for {res(org, reward)} (at least {res(org, limit)})"
    call = Call("BToken", "redeem", (tokens, limit, _deadline(org)))
    receipt = session.write(call, why=why, deadline=f"good for {DEADLINE // 60} minutes")
    got = next((e.args["reward"] for e in receipt.events if e.name == "Redeemed"), reward) if receipt else reward
    session.emit(
        {"tokens": tokens, "reward": got, "sent": receipt is not None},
        lambda: out.print(f"sold {tok(org, tokens)} for {res(org, got)}" if receipt else "not sent"),
    )


def _tokens(amount: str) -> int:
    tokens = parse_amount(amount, TOKEN_DECIMALS, "amount")
    if tokens == 0:
        raise Refused("amount: 0 tokens is nothing to trade", hint="give a positive amount")
    return tokens


def _cost(org: Organisation, tokens: int) -> int:
    return int(org.chain.read("BToken", "costToMint", tokens))


def _reward(org: Organisation, tokens: int) -> int:
    return int(org.chain.read("BToken", "quoteRedeem", tokens)[0])


def _deadline(org: Organisation) -> int:
    return org.chain.head().timestamp + DEADLINE


def _words(org: Organisation, name: str, value: object) -> str:
    if not isinstance(value, int) or name == "locked_until":
        return str(value)
    return res(org, value) if name in ("price", "market_cap", "reserve", "reserve_balance") else tok(org, value)
