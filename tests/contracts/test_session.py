"""What Brownie says of a failed deployment becomes a sentence, on both networks; a key never becomes text."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from oracle.domain.errors import Reverted, Unreachable
from scripts.deployment import session


def test_a_reverted_constructor_is_named_with_its_error(module_isolation: None) -> None:
    opened = session.active()
    config = (
        "name",
        "symbol",
        "0x" + "00" * 20,
        "0x" + "00" * 20,
        "0x" + "00" * 20,
        1,
        86_400,
        0,
        0,
        604_800,
        0,
        86_400,
    )
    with pytest.raises(Reverted, match="the constructor of BToken reverted: ZeroAddress") as caught:
        opened.deploy("BToken", (*config, False))
    assert caught.value.error == "ZeroAddress"


def test_a_reverted_call_is_named_with_its_error(org: SimpleNamespace) -> None:
    with pytest.raises(Reverted, match=r"ModelRegistry\.setStatus reverted: OnlyTimelock") as caught:
        session.active().send(org.ModelRegistry, "setStatus", org.model, 2)
    assert caught.value.error == "OnlyTimelock"


def test_a_chain_that_dies_in_between_is_unreachable() -> None:
    def die(*args: Any) -> None:
        raise ConnectionError

    container = SimpleNamespace(bytecode="60", deploy=die)
    dying = replace(session.active(), project={"T": container})
    with pytest.raises(Unreachable, match="stopped answering during the constructor of T: ConnectionError"):
        dying.deploy("T")


def test_a_key_is_not_shown() -> None:
    assert "secret" not in repr(session.Signer("0x" + "11" * 20, b"secret"))
