"""What to pay per gas: EIP-1559 from recent blocks, with a cap; the old way where a chain has no fee history."""

from dataclasses import dataclass

from oracle.chain.rpc import Rpc, RpcError
from oracle.domain.errors import Refused

GWEI = 10**9
_BLOCKS, _PERCENTILE = 5, 50
_LEAST_TIP = GWEI // 1000


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei per gas. `tip` is None where the chain takes a single gas price (`max_fee`)."""

    max_fee: int
    tip: int | None

    def as_transaction(self) -> dict[str, int]:
        """The fields of a transaction."""
        if self.tip is None:
            return {"gasPrice": self.max_fee}
        return {"maxFeePerGas": self.max_fee, "maxPriorityFeePerGas": self.tip, "type": 2}


def suggest(rpc: Rpc, cap: int) -> Fees:
    """Fees for the next block: twice its base fee plus the median tip, so six full blocks may pass meanwhile.

    Refused if the base fee alone is over `cap` (wei per gas).
    """
    try:
        history = rpc.request("eth_feeHistory", hex(_BLOCKS), "latest", [_PERCENTILE])
        base = int(history["baseFeePerGas"][-1], 16)
        tips = sorted(int(row[0], 16) for row in history.get("reward") or [] if row)
    except (RpcError, KeyError, IndexError, TypeError, ValueError):
        return _legacy(rpc, cap)
    _within(base, cap)
    tip = max(tips[len(tips) // 2] if tips else 0, _LEAST_TIP)
    max_fee = min(2 * base + tip, cap)
    return Fees(max_fee, min(tip, max_fee))


def _legacy(rpc: Rpc, cap: int) -> Fees:
    price = int(rpc.request("eth_gasPrice"), 16)
    _within(price, cap)
    return Fees(price, None)


def _within(price: int, cap: int) -> None:
    if price > cap:
        raise Refused(
            f"gas costs {price / GWEI:,.2f} gwei, over the cap of {cap / GWEI:,.2f} gwei",
            hint="wait for a calmer hour, or raise chain.max_fee_gwei",
        )
