"""Writes that survive a crash: intent first, then the signed transaction, then the chain, then the receipt."""

from oracle.domain.errors import Refused, Reverted
from oracle.domain.records import Decision, Intent, IntentState, Stage, TransactionRecord
from oracle.jobs.context import Context, Step
from oracle.ports.chain import Call, Receipt


def act(ctx: Context, stage: Stage, key: str, call: Call, detail: str) -> Step:
    """Does one write exactly once and returns it as a step.

    A write that the ledger holds as confirmed, while the chain asks for it again, was undone by a reorganisation: it is
    done anew. Reverted and Refused close the intent; Unreachable leaves it open for `reconcile`.
    """
    began = ctx.clock.monotonic()
    _reopen_if_undone(ctx, stage, key)
    intent = ctx.ledger.intend(stage, key, ctx.account)
    if intent.state is IntentState.SIGNED and (found := _reconciled(ctx, intent)).done:
        return found
    ctx.ledger.intend(stage, key, ctx.account)
    try:
        signed = ctx.chain.sign(call, ctx.signer)
        ctx.ledger.signed(stage, key, tx_hash=signed.tx_hash, nonce=signed.nonce, raw=signed.raw)
        ctx.chain.broadcast(signed.raw)
        receipt = ctx.chain.wait(signed.tx_hash)
    except (Reverted, Refused) as error:
        ctx.ledger.drop(stage, key, error.message)
        raise
    _confirm(ctx, stage, key, ctx.account, receipt)
    seconds = ctx.clock.monotonic() - began
    return Step(stage, key, detail, tx_hash=receipt.tx_hash, gas=receipt.gas_used, seconds=seconds)


def reconcile(ctx: Context) -> list[Step]:
    """Brings every open intent to the truth of the chain, before anything else is done."""
    return [_reconciled(ctx, intent) for intent in ctx.ledger.open_intents()]


def decide(ctx: Context, stage: Stage, key: str, verdict: str, reason: str) -> None:
    """Keeps why something was, or was not, done; the time is the chain's."""
    ctx.ledger.decide(Decision(stage, key, verdict, reason, ctx.chain.head().timestamp))


def refusal(ctx: Context, call: Call, not_yet: frozenset[str]) -> str | None:
    """Why the chain would not take `call` now, if the reason is one that time mends; None if it would take it.

    Reverted for any other reason.
    """
    try:
        ctx.chain.simulate(call, ctx.account)
    except Reverted as error:
        if error.error in not_yet:
            return error.message
        raise
    return None


def _reconciled(ctx: Context, intent: Intent) -> Step:
    stage, key = intent.stage, intent.key
    if intent.state is IntentState.INTENDED or intent.tx_hash is None or intent.raw is None:
        ctx.ledger.drop(stage, key, "stopped before anything was signed")
        return Step(stage, key, "nothing of the interrupted step was sent: it starts anew", done=False)
    try:
        receipt = ctx.chain.receipt(intent.tx_hash)
        if receipt is None and ctx.chain.nonce(intent.sender) > (intent.nonce or 0):
            ctx.ledger.drop(stage, key, "another transaction took its nonce")
            return Step(stage, key, "the interrupted transaction was displaced: it starts anew", done=False)
        if receipt is None:
            ctx.chain.broadcast(intent.raw)
            receipt = ctx.chain.wait(intent.tx_hash)
    except (Reverted, Refused) as error:
        ctx.ledger.drop(stage, key, error.message)
        return Step(stage, key, "the interrupted transaction failed", done=False, error=error)
    _confirm(ctx, stage, key, intent.sender, receipt)
    return Step(stage, key, "found the interrupted step done", tx_hash=receipt.tx_hash, gas=receipt.gas_used)


def _reopen_if_undone(ctx: Context, stage: Stage, key: str) -> None:
    intent = ctx.ledger.intent(stage, key)
    if intent is None or intent.state is not IntentState.CONFIRMED or intent.tx_hash is None:
        return
    try:
        undone = ctx.chain.receipt(intent.tx_hash) is None
    except Reverted:  # mined again in another order, and failed there
        undone = True
    if undone:
        ctx.ledger.drop(stage, key, "its block left the chain")


def _confirm(ctx: Context, stage: Stage, key: str, sender: str, receipt: Receipt) -> None:
    block, gas, price = receipt.block.number, receipt.gas_used, receipt.gas_price
    ctx.ledger.confirm(TransactionRecord(receipt.tx_hash, stage, key, sender, block, gas, price))
