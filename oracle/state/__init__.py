"""The ledger: every prompt, sample, intent and transaction in SQLite."""
