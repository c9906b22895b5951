"""The ledger's tables. Every row belongs to one organisation, so one file serves many chains and many resets."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData()


class Uint256(TypeDecorator[int]):
    """An unsigned 256-bit integer, kept as decimal text: no database integer is wide enough."""

    impl = String(78)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        """Python to database."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> int | None:
        """Database to Python."""
        return None if value is None else int(value)


def _organisation() -> Column[str]:
    return Column("organisation", String(160), nullable=False)


bids = Table(
    "bids",
    metadata,
    _organisation(),
    Column("epoch", BigInteger, nullable=False),
    Column("bidder", String(42), nullable=False),
    Column("amount", Uint256, nullable=False),
    Column("deposit", Uint256, nullable=False),
    Column("model_id", LargeBinary(32), nullable=False),
    Column("prompt_hash", LargeBinary(32), nullable=False),
    Column("salt", LargeBinary(32), nullable=False),
    Column("commitment", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("organisation", "epoch", "bidder"),
)

prompts = Table(
    "prompts",
    metadata,
    Column("prompt_hash", LargeBinary(32), primary_key=True),
    Column("document", LargeBinary, nullable=False),
)

draws = Table(
    "draws",
    metadata,
    _organisation(),
    Column("epoch", BigInteger, nullable=False),
    Column("seed", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("organisation", "epoch", "seed"),
)

samples = Table(
    "samples",
    metadata,
    _organisation(),
    Column("epoch", BigInteger, nullable=False),
    Column("seed", LargeBinary(32), nullable=False),
    Column("index", Integer, nullable=False),
    Column("tokens", LargeBinary, nullable=False),
    Column("text", Text, nullable=False),
    Column("finished", Integer, nullable=False),
    PrimaryKeyConstraint("organisation", "epoch", "seed", "index"),
    ForeignKeyConstraint(["organisation", "epoch", "seed"], ["draws.organisation", "draws.epoch", "draws.seed"]),
)

selections = Table(
    "selections",
    metadata,
    _organisation(),
    Column("epoch", BigInteger, nullable=False),
    Column("seed", LargeBinary(32), nullable=False),
    Column("pick", Integer),
    Column("gamma_bps", Integer, nullable=False),
    Column("dispersion_bps", Integer, nullable=False),
    Column("valid", Integer, nullable=False),
    Column("data_digest", LargeBinary(32), nullable=False),
    Column("summary", Text, nullable=False),
    PrimaryKeyConstraint("organisation", "epoch", "seed"),
    ForeignKeyConstraint(["organisation", "epoch", "seed"], ["draws.organisation", "draws.epoch", "draws.seed"]),
)

intents = Table(
    "intents",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _organisation(),
    Column("stage", String(32), nullable=False),
    Column("key", String(160), nullable=False),
    Column("state", String(16), nullable=False),
    Column("sender", String(42), nullable=False),
    Column("tx_hash", LargeBinary(32)),
    Column("nonce", BigInteger),
    Column("raw", LargeBinary),
    Column("detail", Text, nullable=False),
    UniqueConstraint("organisation", "stage", "key"),
)

transactions = Table(
    "transactions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _organisation(),
    Column("tx_hash", LargeBinary(32), nullable=False),
    Column("stage", String(32), nullable=False),
    Column("key", String(160), nullable=False),
    Column("sender", String(42), nullable=False),
    Column("block_number", BigInteger, nullable=False),
    Column("gas_used", BigInteger, nullable=False),
    Column("gas_price", Uint256, nullable=False),
    UniqueConstraint("organisation", "tx_hash"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _organisation(),
    Column("stage", String(32), nullable=False),
    Column("key", String(160), nullable=False),
    Column("verdict", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("organisation", "stage", "key", "verdict"),
)

checks = Table(
    "checks",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _organisation(),
    Column("proposal_id", Uint256, nullable=False),
    Column("ground", String(32), nullable=False),
    Column("evidence", LargeBinary, nullable=False),
    Column("found", Text, nullable=False),
    Column("engine", String(160), nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("organisation", "proposal_id"),
)

cursors = Table(
    "cursors",
    metadata,
    _organisation(),
    Column("name", String(64), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("organisation", "name"),
)
