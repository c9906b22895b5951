"""Logs in ranges: as many blocks at once as the endpoint bears, in the chain's order."""

from collections.abc import Iterator, Sequence
from typing import Any

from oracle.chain.rpc import Rpc, RpcError
from oracle.domain.errors import Unreachable

FIRST_SPAN, MOST_SPAN = 2_000, 50_000


def logs(
    rpc: Rpc, addresses: Sequence[str], topics: Sequence[str | None], first: int, last: int
) -> Iterator[dict[str, Any]]:
    """Logs of blocks `first`..`last`; a refused range is halved, a granted one doubled."""
    span = FIRST_SPAN
    while first <= last:
        upper = min(first + span - 1, last)
        query = {
            "address": list(addresses),
            "topics": list(topics),
            "fromBlock": hex(first),
            "toBlock": hex(upper),
        }
        try:
            found = rpc.request("eth_getLogs", query)
        except RpcError as error:
            if span == 1:
                raise Unreachable(
                    f"the chain at {rpc.place} does not give the logs of block {first}: {error.message}",
                    hint="use an endpoint that keeps logs",
                ) from error
            span = max(1, min(span, upper - first + 1) // 2)
            continue
        yield from sorted(found, key=lambda log: (int(log["blockNumber"], 16), int(log["logIndex"], 16)))
        first, span = upper + 1, min(span * 2, MOST_SPAN)
