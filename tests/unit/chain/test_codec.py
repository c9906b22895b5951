import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from oracle.chain import codec
from oracle.domain.errors import BadInput

ALICE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def test_call_goes_out_and_comes_back_by_name() -> None:
    erc20 = codec.of("MockUSDC")
    data = erc20.encode_call("transfer", (ALICE, 5))
    assert data[:4] == keccak(text="transfer(address,uint256)")[:4]
    assert erc20.decode_call(data) == ("transfer(address,uint256)", {"to": ALICE, "value": 5})


def test_unknown_or_cut_calldata_is_not_decoded() -> None:
    erc20 = codec.of("MockUSDC")
    assert erc20.decode_call(b"\1\2\3\4") is None
    assert erc20.decode_call(keccak(text="transfer(address,uint256)")[:4] + b"\1") is None
    assert erc20.decode_call(b"") is None


def test_argument_of_the_wrong_type_is_named() -> None:
    with pytest.raises(BadInput, match=r"MockUSDC\.transfer: value must be uint256, not -1"):
        codec.of("MockUSDC").encode_call("transfer", (ALICE, -1))
    with pytest.raises(BadInput, match=r"MockUSDC\.transfer: to must be address, not 'bob'"):
        codec.of("MockUSDC").encode_call("transfer", ("bob", 1))


def test_function_that_does_not_exist_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(KeyError, match="no function frobnicate with 1 arguments"):
        codec.of("MockUSDC").encode_call("frobnicate", (1,))
    with pytest.raises(KeyError, match="no ABI of Nothing"):
        codec.of("Nothing")


def test_struct_comes_back_with_names_and_checksummed_addresses() -> None:
    abi = [
        {
            "type": "function",
            "name": "all",
            "inputs": [],
            "outputs": [
                {
                    "name": "",
                    "type": "tuple[]",
                    "internalType": "struct I.Side[]",
                    "components": [{"name": "who", "type": "address"}, {"name": "from", "type": "uint8"}],
                }
            ],
        }
    ]
    data = encode(["(address,uint8)[]"], [[(ALICE.lower(), 3)]])
    (side,) = codec.Codec("Thing", abi).decode_result("all", 0, data)
    assert type(side).__name__ == "Side"
    assert side.who == ALICE
    assert side[1] == 3


def test_several_results_are_a_named_tuple_and_none_is_none() -> None:
    outputs = [{"name": "price", "type": "uint256"}, {"name": "epoch", "type": "uint256"}]
    abi = [
        {"type": "function", "name": "lastFilled", "inputs": [], "outputs": outputs},
        {"type": "function", "name": "act", "inputs": [], "outputs": []},
    ]
    thing = codec.Codec("Thing", abi)
    assert thing.decode_result("lastFilled", 0, encode(["uint256"] * 2, [7, 2])).epoch == 2
    assert thing.decode_result("act", 0, b"") is None


def test_event_with_indexed_text_gives_its_hash() -> None:
    abi = [
        {
            "type": "event",
            "name": "Said",
            "inputs": [
                {"name": "who", "type": "address", "indexed": True},
                {"name": "text", "type": "string", "indexed": True},
                {"name": "loud", "type": "bool", "indexed": False},
            ],
        }
    ]
    topics = [keccak(text="Said(address,string,bool)"), encode(["address"], [ALICE]), keccak(text="hello")]
    decoded = codec.Codec("Thing", abi).decode_event(topics, encode(["bool"], [True]))
    assert decoded == ("Said", {"who": ALICE, "text": keccak(text="hello"), "loud": True})
    assert codec.Codec("Thing", abi).decode_event([bytes(32)], b"") is None
    assert codec.Codec("Thing", abi).decode_event([], b"") is None
