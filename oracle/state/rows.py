"""Rows of the ledger as records, and back."""

from typing import Any

from sqlalchemy import Row

from oracle.domain.records import Intent, IntentState, Stage
from oracle.domain.sample import RawSample


def intent(row: Row[Any]) -> Intent:
    """A row of `intents`."""
    return Intent(
        Stage(row.stage), row.key, IntentState(row.state), row.sender, row.tx_hash, row.nonce, row.raw, row.detail
    )


def sample_values(row: RawSample) -> dict[str, Any]:
    """A sample as `samples` holds it: token ids as big-endian words."""
    tokens = b"".join(token.to_bytes(4, "big") for token in row.token_ids)
    return {"index": row.index, "tokens": tokens, "text": row.text, "finished": int(row.finished)}


def sample(row: Row[Any]) -> RawSample:
    """A row of `samples`."""
    # `index` is also a method of tuples, hence the mapping.
    tokens = tuple(int.from_bytes(row.tokens[i : i + 4], "big") for i in range(0, len(row.tokens), 4))
    return RawSample(row._mapping["index"], tokens, row.text, bool(row.finished))
