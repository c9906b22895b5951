"""Constructor arguments by name, and addresses before anything is deployed."""

from typing import Any

import pytest

from oracle.domain.errors import BadInput
from scripts.deployment import plan
from scripts.deployment.profiles import Profile

DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def abi(*inputs: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "constructor", "inputs": list(inputs)}]


def test_prediction_follows_the_order_of_the_transactions() -> None:
    mocked, given = plan.predict(DEPLOYER, 0, None), plan.predict(DEPLOYER, 2, plan.ZERO)
    assert mocked["ReserveToken"] == "0x5FbDB2315678afecb367f032d93F642f64180aa3"  # nonce 0 of this account
    assert mocked["TimelockController"] == given["TimelockController"] == "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9"
    assert given["ReserveToken"] == plan.ZERO
    assert len(set(mocked.values())) == len(plan.CONTRACTS) + 1


def test_a_lone_struct_takes_named_arguments_as_fields() -> None:
    model = {"name": "models", "type": "tuple[]", "components": [{"name": "uri", "type": "string"}]}
    fields = [{"name": "b", "type": "uint256"}, {"name": "a", "type": "bool"}, model]
    named = {"a": True, "b": 5, "models": [{"uri": "x"}, {"uri": "y"}], "unused": 1}
    assert plan.encode("T", abi({"name": "c", "type": "tuple", "components": fields}), named) == [
        (5, True, [("x",), ("y",)])
    ]
    assert plan.encode("T", abi(*fields), named) == [5, True, [("x",), ("y",)]]
    assert plan.scalars(abi(*fields), named) == {"b": 5, "a": True}


def test_an_argument_that_nothing_gives_is_named() -> None:
    with pytest.raises(BadInput, match="T needs b, which neither profile nor wiring gives"):
        plan.encode("T", abi({"name": "b", "type": "uint256"}), {})


def test_a_value_that_no_constructor_takes_is_found() -> None:
    profile = Profile("local", True, {"T": {"wait": 1, "wiat": 2}})
    assert plan.misnamed(profile, {"T": abi({"name": "wait", "type": "uint256"})}) == ["T.wiat"]
