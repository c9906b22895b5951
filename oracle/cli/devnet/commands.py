"""`gengov devnet`: a local chain with a living organisation - up, demo, skip, fund, reset, down."""

import contextlib
from typing import Annotated

import typer
from rich.console import Console

from oracle.chain import devnode
from oracle.chain.accounts import from_mnemonic
from oracle.chain.devnode import NodeKind, TimeMachine
from oracle.chain.rpc import connect
from oracle.cli.accounts import address_or_role
from oracle.cli.amounts import format_duration, parse_amount
from oracle.cli.command import command
from oracle.cli.devnet import disputes
from oracle.cli.devnet import state as states
from oracle.cli.devnet.demo import tell
from oracle.cli.devnet.disputes import STORIES, DisputeStory
from oracle.cli.devnet.timeline import Timeline
from oracle.cli.devnet.up import PROMPT, bring_up, keep
from oracle.cli.output import err, out
from oracle.cli.session import Session
from oracle.cli.words import res, when
from oracle.domain.errors import BadInput, Refused, Unreachable
from oracle.ports.chain import Call

app = typer.Typer(name="devnet", no_args_is_help=True, help="A local chain with a whole organisation on it.")

Network = Annotated[NodeKind, typer.Option(help="Program that serves the chain.")]
Port = Annotated[int | None, typer.Option(help="Port; a free one if omitted.", min=1, max=65_535)]
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@command(app, "up", chain=False)
def up(session: Session, network: Network = NodeKind.ANVIL, port: Port = None) -> None:
    """Start a chain, deploy, fund the accounts by role and age the organisation; it runs until `devnet down`."""
    _refuse_second()
    devnet = bring_up(network, Timeline(err).step, home=states.HOME / network.value, port=port)
    state = keep(devnet)
    session.emit(
        {"rpc": state.rpc, "chain_id": state.chain_id, "pid": state.pid, "deployment": str(state.deployment)},
        lambda: _how_to_go_on(state),
    )


@command(app, "demo", chain=False)
def demo(
    session: Session,
    network: Network = NodeKind.ANVIL,
    port: Port = None,
    stay: Annotated[bool, typer.Option("--keep", help="Leave the chain running and say how to go on.")] = False,
) -> None:
    """Run one whole slot, from a sealed bid to an executed proposal and its reward, on a fresh chain."""
    # A chain that was kept lives in its own folder, which a demo that passes by must not touch.
    home = states.HOME / (network.value if stay else f"demo-{network.value}")
    if stay:
        _refuse_second()
    console = Console(stderr=True, highlight=False) if session.as_json else out
    timeline = Timeline(console)
    with contextlib.ExitStack() as stack:
        with timeline.stage("setup"):
            devnet = bring_up(network, timeline.step, home=home, port=port)
        stack.callback(devnet.node.stop)
        facts = tell(devnet, timeline, live=stay)
        if stay:
            stack.pop_all()
            state = keep(devnet)
    session.emit(facts, lambda: None)
    if stay:
        _how_to_go_on(state, console)


@command(app, "story", chain=False)
def story(
    session: Session,
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(STORIES)}.")],
    network: Network = NodeKind.ANVIL,
    port: Port = None,
) -> None:
    """Tell how a dispute goes, with real transactions and the real model, on a fresh chain."""
    if name not in STORIES:
        raise BadInput(f"there is no story {name!r}", hint=f"one of {', '.join(STORIES)}")
    timeline = Timeline(Console(stderr=True, highlight=False) if session.as_json else out)
    with contextlib.ExitStack() as stack:
        with timeline.stage("setup"):
            devnet = bring_up(network, timeline.step, home=states.HOME / f"story-{network.value}", port=port)
        stack.callback(devnet.node.stop)
        facts = disputes.tell(name, devnet, DisputeStory(devnet, timeline))
    session.emit(facts, lambda: None)


@command(app, "skip")
def skip(session: Session, duration: Annotated[str, typer.Argument(help="Such as 90s, 10m, 2h, 1d.")]) -> None:
    """Skip time on the local chain."""
    seconds = _seconds(duration)
    state = states.require()
    now = _time(state).skip(seconds)
    session.emit({"now": now, "skipped": seconds}, lambda: out.print(f"{format_duration(seconds)} later"))


@command(app, "fund")
def fund(
    session: Session,
    account: Annotated[str, typer.Argument(help="Address or devnet role.")],
    amount: Annotated[str, typer.Argument(help="Whole reserve tokens.")] = "10000",
) -> None:
    """Give an account reserve tokens from the mock's faucet."""
    states.require()
    org, who = session.organisation, address_or_role(account)
    value = parse_amount(amount, org.reserve_decimals, "amount")
    payer = from_mnemonic(states.account_of("deployer"), org.chain.chain_id)
    org.chain.send(Call("ReserveToken", "mint", (who, value)), payer)
    balance = org.chain.read("ReserveToken", "balanceOf", who)
    session.emit({"account": who, "balance": balance}, lambda: out.print(f"{who} has {res(org, balance)}"))


@command(app, "reset", chain=False)
def reset(session: Session) -> None:
    """Put the local chain back to how `devnet up` (or `demo --keep`) left it."""
    state = states.require()
    time = _time(state)
    time.revert(state.snapshot)
    kept = state.model_copy(update={"snapshot": time.snapshot()})
    kept.save()
    now = time.now()
    session.emit({"now": now}, lambda: out.print(f"the chain is back at {when(now, now)}"))


@command(app, "down", chain=False)
def down(session: Session) -> None:
    """Stop the local chain that was started in this folder."""
    state = states.require()
    stopped = devnode.stop_process(state.pid)
    states.forget()
    session.emit(
        {"stopped": stopped}, lambda: out.print("the chain is stopped" if stopped else "the chain was gone already")
    )


def _refuse_second() -> None:
    state = states.read()
    if state is None:
        return
    with contextlib.suppress(Unreachable):
        connect(state.rpc, chain_id=state.chain_id, timeout=2)
        raise Refused(
            f"a chain runs already at {state.rpc}, started in this folder", hint="stop it first: gengov devnet down"
        )
    states.forget()


def _time(state: states.DevnetState) -> TimeMachine:
    return TimeMachine(connect(state.rpc, chain_id=state.chain_id)[0])


def _seconds(text: str) -> int:
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdigit():
        raise BadInput(f"{text!r} is no duration", hint="write a whole number and s, m, h or d, such as 90s or 2h")
    return int(number) * _UNITS[unit]


def _how_to_go_on(state: states.DevnetState, console: Console = out) -> None:
    console.print(f"\n[bold]the chain stays at {state.rpc}[/] (chain id {state.chain_id}, pid {state.pid})")
    for line, why in (
        ("gengov slot show", "where the auction stands"),
        ("gengov proposal show", "the latest proposal, if there is one"),
        ("gengov vote cast latest for --as alice", "vote on it"),
        ("gengov proposal verify latest", "re-run it: every token of every sample"),
        ("gengov challenge open latest --as challenger", "or challenge it, if it does not verify"),
        ("gengov devnet skip 30m", "let time pass: here an hour of the organisation is a minute"),
        ("gengov node run --once --as prompter", "do everything that is due"),
        (
            f"gengov bid commit --amount 9 --prompt {state.home / PROMPT} --as rival",
            "bid, while no proposal is pending",
        ),
        ("gengov devnet reset", "come back to this moment"),
        ("gengov devnet down", "stop the chain"),
    ):
        console.print(f"  [cyan]{line}[/]  [dim]{why}[/]")
