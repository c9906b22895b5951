from typing import Any

import pytest

from oracle.chain import fees
from oracle.chain.fees import GWEI, Fees
from oracle.chain.rpc import RpcError
from oracle.domain.errors import Refused


class Node:
    """Answers the two questions about prices with what it was given; no history is a method it does not know."""

    def __init__(self, history: dict[str, Any] | None, price: int = 0) -> None:
        self.history, self.price = history, price

    def request(self, method: str, *_: Any) -> Any:
        if method == "eth_gasPrice":
            return hex(self.price)
        if self.history is None:
            raise RpcError(-32601, "method not found")
        return self.history


def history(base: int, *tips: int) -> dict[str, Any]:
    return {"baseFeePerGas": ["0x0", hex(base)], "reward": [[hex(tip)] for tip in tips]}


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Node(history(10 * GWEI, GWEI, 3 * GWEI, 2 * GWEI)), Fees(22 * GWEI, 2 * GWEI)),
        (Node(history(10 * GWEI)), Fees(20 * GWEI + GWEI // 1000, GWEI // 1000)),
        (Node(history(0, 0, 0)), Fees(GWEI // 1000, GWEI // 1000)),
        (Node(history(60 * GWEI, GWEI)), Fees(100 * GWEI, GWEI)),
        (Node(history(99 * GWEI, 500 * GWEI)), Fees(100 * GWEI, 100 * GWEI)),
        (Node(None, 7 * GWEI), Fees(7 * GWEI, None)),
        (Node({"baseFeePerGas": []}, 7 * GWEI), Fees(7 * GWEI, None)),
        (Node({"baseFeePerGas": ["0x1"], "reward": None}), Fees(2 + GWEI // 1000, GWEI // 1000)),
    ],
)
def test_offer_is_twice_the_base_fee_and_the_median_tip_within_the_cap(node: Node, expected: Fees) -> None:
    assert fees.suggest(node, 100 * GWEI) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("node", [Node(history(101 * GWEI, 0)), Node(None, 101 * GWEI)])
def test_price_over_the_cap_is_refused_with_both_figures(node: Node) -> None:
    with pytest.raises(Refused, match=r"101\.00 gwei, over the cap of 100\.00 gwei"):
        fees.suggest(node, 100 * GWEI)  # type: ignore[arg-type]


def test_transaction_gets_one_price_or_two() -> None:
    assert Fees(5, None).as_transaction() == {"gasPrice": 5}
    assert Fees(5, 1).as_transaction() == {"maxFeePerGas": 5, "maxPriorityFeePerGas": 1, "type": 2}
