"""Why a contract refused, in words: each custom error's name gets what it means and how to mend it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from oracle.chain import codec
from oracle.chain.hints import HINTS
from oracle.chain.rpc import RpcError
from oracle.domain.errors import Reverted
from oracle.domain.proposal import ProposalState

_TIMES = frozenset({"from", "to", "nowAt", "deadline", "until", "expiredAt", "matureAt", "first", "timepoint"})

_STATED = {"GovernorUnexpectedProposalState": "current", "NotChallengeable": "state"}
"""Errors with an argument that is a proposal's state."""


def reverted(what: str, error: RpcError) -> Reverted:
    """The error of a refused call or transaction: custom error by name, arguments by name, sentence and hint."""
    decoded = codec.decode_error(error.data) if error.data else None
    if decoded is None:
        reason = error.message or "no reason given"
        if error.data:
            reason = f"an error of an unknown contract, 0x{error.data[:4].hex()}"
        return Reverted(f"{what} was refused: {reason}", hint="is the deployment file of this chain and up to date?")
    args = tuple(decoded.args.values())
    if decoded.name in ("Error", "Panic"):
        return Reverted(f"{what} was refused: {decoded.args['reason']}", error=decoded.name, args_=args)
    told = f"{decoded.name}({', '.join(f'{k}={show(v)}' for k, v in decoded.args.items())})"
    meaning, mend = HINTS.get(decoded.name, ("", ""))
    words = dict(decoded.args)
    if decoded.name in _STATED:
        words[_STATED[decoded.name]] = ProposalState(words[_STATED[decoded.name]]).name.lower()
    sentence = f"{what} was refused: {told}" + (f": {fill(meaning, words)}" if meaning else "")
    return Reverted(sentence, error=decoded.name, args_=args, hint=fill(mend, words))


def show(value: Any) -> str:
    """A decoded argument as text: bytes32 that hold a short string as that string, other bytes as hex."""
    if isinstance(value, bytes):
        text = value.rstrip(b"\0")
        if text and len(value) == 32 and len(text) < 32 and all(0x20 < c < 0x7F for c in text):
            return text.decode()
        return "0x" + value.hex()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(show(item) for item in value) + "]"
    return str(value)


def fill(template: str, args: Mapping[str, Any]) -> str:
    """The template with {name} replaced by arguments, times as dates.

    Contracts of other versions may use one name for other arguments: then the template is left out.
    """
    try:
        return template.format(**{n: _date(v) if n in _TIMES else show(v) for n, v in args.items()})
    except (KeyError, IndexError):
        return ""


def _date(seconds: Any) -> str:
    """A time in UTC; the numbers that contracts use for never, and small ones, stay numbers."""
    if not isinstance(seconds, int) or not 10**9 <= seconds < 10**11:
        return "further notice" if seconds == 2**256 - 1 else str(seconds)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
