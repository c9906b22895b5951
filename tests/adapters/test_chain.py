"""Reads, events and writes against real local chains, on Anvil and on Ganache alike."""

import time
from typing import Any

import pytest

from oracle.chain.clock import SystemClock
from oracle.chain.devnode import NodeKind
from oracle.chain.rpc import Rpc, RpcError
from oracle.chain.web3chain import Web3Chain
from oracle.domain.errors import BadInput, Refused, Reverted, Unreachable
from oracle.ports.chain import Call
from tests.adapters.conftest import Ground


def mint(ground: Ground, amount: int = 100) -> Call:
    return Call("ReserveToken", "mint", (ground.alice.address, amount))


def transfer(to: str, amount: int) -> Call:
    return Call("ReserveToken", "transfer", (to, amount))


def narrowed(ground: Ground, **limits: Any) -> Web3Chain:
    addresses = {"ReserveToken": ground.chain.address("ReserveToken")}
    return Web3Chain(ground.rpc, ground.node.chain_id, addresses, SystemClock(), **limits)


def test_send_reports_block_gas_price_and_decoded_events(ground: Ground) -> None:
    before = ground.balance(ground.alice.address)
    receipt = ground.chain.send(mint(ground, 100), ground.alice)
    assert ground.balance(ground.alice.address) == before + 100
    assert receipt.block == ground.chain.head()
    assert 21_000 < receipt.gas_used < 100_000
    assert receipt.gas_price > 0
    (event,) = receipt.events
    assert (event.contract, event.name) == ("ReserveToken", "Transfer")
    assert (event.args["to"], event.args["value"]) == (ground.alice.address, 100)


def test_refused_call_is_never_sent_and_names_the_custom_error_with_its_arguments(ground: Ground) -> None:
    nonce = ground.chain.nonce(ground.bob.address)
    with pytest.raises(Reverted) as caught:
        ground.chain.send(transfer(ground.alice.address, 10**30), ground.bob)
    assert caught.value.error == "ERC20InsufficientBalance"
    assert caught.value.args_ == (ground.bob.address, ground.balance(ground.bob.address), 10**30)
    assert "ReserveToken.transfer" in caught.value.message
    assert caught.value.hint
    assert ground.chain.nonce(ground.bob.address) == nonce


def test_signing_sends_nothing(ground: Ground) -> None:
    block, nonce = ground.chain.head(), ground.chain.nonce(ground.alice.address)
    signed = ground.chain.sign(mint(ground), ground.alice)
    assert signed.nonce == nonce
    assert ground.chain.head() == block
    assert ground.chain.receipt(signed.tx_hash) is None


def test_broadcasting_twice_is_one_transaction(ground: Ground) -> None:
    before = ground.balance(ground.alice.address)
    signed = ground.chain.sign(mint(ground, 7), ground.alice)
    ground.chain.broadcast(signed.raw)
    ground.chain.wait(signed.tx_hash)
    ground.chain.broadcast(signed.raw)
    assert ground.balance(ground.alice.address) == before + 7


def test_transaction_whose_nonce_was_taken_is_refused_with_the_reason(ground: Ground) -> None:
    late = ground.chain.sign(mint(ground, 1), ground.alice)
    ground.chain.send(mint(ground, 2), ground.alice)
    with pytest.raises(Refused, match="the node refused the transaction"):
        ground.chain.broadcast(late.raw)


def test_transaction_that_fails_in_its_block_is_told_by_its_custom_error(ground: Ground) -> None:
    ground.chain.send(mint(ground), ground.alice)
    funds = ground.balance(ground.alice.address)
    first = ground.chain.sign(transfer(ground.bob.address, funds), ground.alice)
    second = ground.chain.sign(transfer(ground.bob.address, funds), ground.alice, nonce=first.nonce + 1)
    ground.chain.broadcast(first.raw)
    ground.chain.wait(first.tx_hash)
    ground.chain.broadcast(second.raw)
    with pytest.raises(Reverted) as caught:
        ground.chain.wait(second.tx_hash)
    assert caught.value.error == "ERC20InsufficientBalance"


def test_transaction_that_fails_only_within_its_block_says_so(ground: Ground) -> None:
    """Both spend the same tokens in one block; run again on the block before, the second would succeed."""
    if ground.node.kind is not NodeKind.ANVIL:
        pytest.skip("Ganache cannot gather transactions in a block")
    chain = ground.chain
    chain.send(mint(ground), ground.alice)
    funds = ground.balance(ground.alice.address)
    first = chain.sign(transfer(ground.bob.address, funds), ground.alice)
    second = chain.sign(transfer(ground.bob.address, funds), ground.alice, nonce=first.nonce + 1)
    ground.rpc.request("evm_setAutomine", False)
    chain.broadcast(first.raw)
    chain.broadcast(second.raw)
    ground.rpc.request("evm_setAutomine", True)
    ground.node.time.mine()
    with pytest.raises(Reverted, match="failed in its block, but succeeds on the block before"):
        chain.wait(second.tx_hash)


def test_read_at_an_earlier_block_sees_the_state_of_then(ground: Ground) -> None:
    ground.chain.send(mint(ground, 5), ground.alice)
    then, balance = ground.chain.head().number, ground.balance(ground.alice.address)
    ground.chain.send(mint(ground, 5), ground.alice)
    assert ground.chain.read("ReserveToken", "balanceOf", ground.alice.address, at=then) == balance
    assert ground.chain.block(then).number == then


def test_events_of_a_range_come_in_order_and_filtered(ground: Ground) -> None:
    ground.chain.send(mint(ground, 10), ground.alice)
    first = ground.chain.head().number
    for amount in (1, 2, 3):
        ground.chain.send(transfer(ground.bob.address, amount), ground.alice)
    found = ground.chain.events(
        "ReserveToken", "Transfer", first=first, where={"from": ground.alice.address, "to": ground.bob.address}
    )
    assert [event.args["value"] for event in found] == [1, 2, 3]
    assert all(event.block_hash == ground.chain.block(event.block_number).hash for event in found)
    last = ground.chain.events("ReserveToken", "Transfer", first=found[1].block_number, last=found[1].block_number)
    assert [event.args["value"] for event in last] == [2]


def test_filter_on_an_argument_that_is_not_indexed_is_refused(ground: Ground) -> None:
    with pytest.raises(BadInput, match="no indexed argument value"):
        ground.chain.events("ReserveToken", "Transfer", first=0, where={"value": 1})


def test_range_that_the_endpoint_refuses_is_halved(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ground.chain.head().number
    for _ in range(5):
        ground.chain.send(mint(ground, 1), ground.alice)
    asked = Rpc.request

    def stingy(rpc: Rpc, method: str, *params: Any) -> Any:
        if method == "eth_getLogs" and int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) >= 2:
            raise RpcError(-32005, "query returned more than 10000 results")
        return asked(rpc, method, *params)

    monkeypatch.setattr(Rpc, "request", stingy)
    assert len(ground.chain.events("ReserveToken", "Transfer", first=first + 1)) == 5


def test_endpoint_that_gives_no_logs_at_all_is_unreachable(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Rpc.request

    def pruned(rpc: Rpc, method: str, *params: Any) -> Any:
        if method == "eth_getLogs":
            raise RpcError(-32000, "pruned")
        return asked(rpc, method, *params)

    monkeypatch.setattr(Rpc, "request", pruned)
    with pytest.raises(Unreachable, match="pruned"):
        ground.chain.events("ReserveToken", "Transfer", first=0)


def test_account_without_ether_is_refused_before_sending(ground: Ground) -> None:
    from eth_account import Account

    from oracle.chain.accounts import LocalSigner

    with pytest.raises(Refused, match=r"has 0\.000000 ether"):
        ground.chain.send(mint(ground), LocalSigner(Account.create()))


def test_call_over_the_gas_cap_is_refused(ground: Ground) -> None:
    with pytest.raises(Refused, match="over the cap of 30,000"):
        narrowed(ground, gas_cap=30_000).send(mint(ground), ground.alice)


def test_gas_price_over_the_cap_is_refused(ground: Ground) -> None:
    with pytest.raises(Refused, match="gwei, over the cap"):
        narrowed(ground, max_fee=1).send(mint(ground), ground.alice)


def test_chain_without_fee_history_is_paid_the_old_way(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Rpc.request

    def old(rpc: Rpc, method: str, *params: Any) -> Any:
        if method == "eth_feeHistory":
            raise RpcError(-32601, "method not found")
        return asked(rpc, method, *params)

    monkeypatch.setattr(Rpc, "request", old)
    receipt = ground.chain.send(mint(ground), ground.alice)
    sent = ground.rpc.request("eth_getTransactionByHash", "0x" + receipt.tx_hash.hex())
    assert int(sent.get("type", "0x0"), 16) == 0


def test_transaction_that_nobody_mines_is_given_up_with_its_hash(ground: Ground) -> None:
    chain = narrowed(ground, patience=0.2)
    signed = chain.sign(mint(ground), ground.alice)
    with pytest.raises(Unreachable, match=signed.tx_hash.hex()):
        chain.wait(signed.tx_hash)


def test_unknown_contract_and_wrong_arguments_are_named(ground: Ground) -> None:
    with pytest.raises(BadInput, match="no Governance"):
        ground.chain.read("Governance", "state", 1)
    with pytest.raises(BadInput, match=r"MockUSDC.transfer: .* must be uint256"):
        ground.chain.send(transfer(ground.bob.address, -1), ground.alice)


def test_address_that_holds_no_such_contract_is_named(ground: Ground) -> None:
    chain = Web3Chain(ground.rpc, ground.node.chain_id, {"ReserveToken": ground.bob.address}, SystemClock())
    with pytest.raises(BadInput, match="deploy again"):
        chain.read("ReserveToken", "balanceOf", ground.bob.address)


def test_block_that_is_not_there_is_unreachable(ground: Ground) -> None:
    with pytest.raises(Unreachable, match="has no block"):
        ground.chain.block(10**9)


def test_skipped_time_is_the_time_of_the_next_read_and_block(ground: Ground) -> None:
    machine = ground.node.time
    before = machine.now()
    assert before + 90_000 <= machine.skip(90_000) < before + 90_005
    receipt = ground.chain.send(mint(ground), ground.alice)
    assert 0 <= receipt.block.timestamp - before - 90_000 < 10
    target = machine.now() + 3600
    assert target <= machine.skip_to(target) < target + 5
    assert machine.skip_to(before) == machine.now()


def test_snapshot_puts_state_and_time_back_once(ground: Ground) -> None:
    machine, funds = ground.node.time, ground.balance(ground.alice.address)
    snapshot, then = machine.snapshot(), machine.now()
    ground.chain.send(mint(ground, 9), ground.alice)
    machine.skip(1000)
    machine.revert(snapshot)
    assert ground.balance(ground.alice.address) == funds
    assert machine.now() == then
    with pytest.raises(Refused, match="no snapshot"):
        machine.revert(snapshot)


def test_time_does_not_go_back(ground: Ground) -> None:
    with pytest.raises(BadInput, match="does not go back"):
        ground.node.time.skip(-1)


def test_reads_are_asked_of_the_coming_block_whose_clock_goes_on(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an idle local chain would answer with the time of its last block. (Ganache does so all the same.)"""
    ground.balance(ground.alice.address)
    asked: list[Any] = []
    request = Rpc.request

    def listen(rpc: Rpc, method: str, *params: Any) -> Any:
        asked.append((method, params[-1]))
        return request(rpc, method, *params)

    monkeypatch.setattr(Rpc, "request", listen)
    ground.balance(ground.alice.address)
    assert asked == [("eth_call", "pending")]
    if ground.node.kind is NodeKind.ANVIL:
        returns_its_timestamp, before = {"data": "0x4260005260206000f3"}, ground.node.time.now()
        time.sleep(1.1)
        assert int(ground.rpc.request("eth_call", returns_its_timestamp, "pending"), 16) > before
