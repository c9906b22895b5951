"""What one command works with: settings, organisation, signer and output, each opened when first needed."""

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import typer
from rich.markup import escape

from oracle import config, wiring
from oracle.cli import output
from oracle.cli.calls import describe
from oracle.cli.devnet import state as devnet_state
from oracle.domain.errors import BadInput, Refused
from oracle.ports.chain import Call, Receipt
from oracle.ports.signer import Signer


class Session:
    """The shared options of a command, and what follows from them."""

    def __init__(
        self,
        *,
        as_json: bool = False,
        config: str = "",
        rpc: str = "",
        deployment: str = "",
        home: str = "",
        role: str = "",
        keystore: str = "",
        password_file: str = "",
        yes: bool = False,
        dry_run: bool = False,
        gas_cap: int = 0,
    ) -> None:
        self.as_json, self.yes, self.dry_run, self.role = as_json, yes, dry_run, role
        self._config = config
        self._flags: dict[str, Any] = {
            "rpc": rpc,
            "deployment": deployment,
            "home": home,
            "keystore": keystore,
            "password_file": password_file,
            "max_fee_gwei": gas_cap or None,
            "dev_account": devnet_state.account_of(role) if role else None,
        }
        self._receipts: list[dict[str, Any]] = []
        self._unapproved = False

    @cached_property
    def settings(self) -> config.Settings:
        """Defaults < running devnet < file < environment < flags. BadInput lists every mistake."""
        state = devnet_state.read()
        # A devnet is a default for whoever names no chain at all; half of one would be a trap.
        named = self._flags["rpc"] or os.environ.get("GENGOV_RPC") or self._config
        known = {"rpc", "deployment", "home", "models"}
        defaults = state.model_dump(include=known) if state and not named else {}
        return config.load(
            file=Path(self._config) if self._config else None,
            environment=os.environ,
            flags=self._flags,
            defaults=defaults,
        )

    @cached_property
    def organisation(self) -> wiring.Organisation:
        """The contracts of one deployment, its ledger and its store. Unreachable, BadInput."""
        return wiring.open_organisation(self.settings)

    @cached_property
    def signer(self) -> Signer:
        """Who signs. BadInput if nobody was named."""
        return wiring.open_signer(self.settings, self.organisation.chain.chain_id, ask_password)

    @property
    def account(self) -> str:
        """The signer's address."""
        return self.signer.address

    def emit(self, data: Mapping[str, Any], render: Callable[[], None]) -> None:
        """The command's answer, for people or as one JSON object (with the transactions that were sent)."""
        extra = {"transactions": self._receipts} if self._receipts else {}
        output.emit({**data, **extra}, self.as_json, render)

    def write(
        self, call: Call, *, why: str, deadline: str = "", before: Callable[[], None] = lambda: None
    ) -> Receipt | None:
        """Simulate, show, ask, send; None in a dry run. Reverted, Refused, Unreachable; nothing is sent then.

        `why` says in one line what the call does, `deadline` until when it counts; `before` runs between yes and send.
        """
        chain, console = self.organisation.chain, output.err
        if self._unapproved:
            self._show(call, why, deadline)
            console.print("  [yellow]dry run: nothing was sent; it can be simulated once the approval above is[/]")
            return None
        signed = chain.sign(call, self.signer)
        self._show(call, why, deadline)
        cost = signed.gas_limit * signed.max_fee / 1e18
        console.print(f"  [dim]from {self.account} · at most {signed.gas_limit:,} gas, {cost:.6f} ETH[/]")
        if self.dry_run:
            console.print("  [yellow]dry run: nothing was sent[/]")
            return None
        self._ask()
        before()
        chain.broadcast(signed.raw)
        receipt = chain.wait(signed.tx_hash)
        console.print(f"  [green]mined[/] 0x{receipt.tx_hash.hex()} · {receipt.gas_used:,} gas")
        self._receipts.append(
            {
                "function": f"{call.contract}.{call.function}",
                "tx": "0x" + receipt.tx_hash.hex(),
                "gas": receipt.gas_used,
            }
        )
        return receipt

    def approve(self, token: str, spender: str, amount: int, what: str) -> None:
        """Let contract `spender` pull `amount` of contract `token` from the signer, unless it already may."""
        chain = self.organisation.chain
        allowed: int = chain.read(token, "allowance", self.account, chain.address(spender))
        if allowed < amount:
            self.write(Call(token, "approve", (chain.address(spender), amount)), why=f"Allow {spender} to take {what}")
            self._unapproved = self.dry_run

    def _show(self, call: Call, why: str, deadline: str) -> None:
        """The call in words."""
        console = output.err
        console.print(f"[bold]{escape(why)}[/]")
        for line in describe(call, self.organisation.chain):
            console.print(f"  {escape(line)}")
        if deadline:
            console.print(f"  [dim]{escape(deadline)}[/]")

    def _ask(self) -> None:
        if self.yes:
            return
        try:
            if typer.confirm("  Send?", err=True):
                return
        except typer.Abort:
            raise Refused("nobody answered, so nothing was sent", hint="give --yes to send without asking") from None
        raise Refused("you said no, so nothing was sent")


def ask_password() -> str:
    """The keystore's password from the terminal, not echoed."""
    try:
        return str(typer.prompt("Password of the keystore", hide_input=True, err=True))
    except typer.Abort:
        raise BadInput("no password was given", hint="give --password-file") from None
