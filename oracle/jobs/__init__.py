"""One module per arrow of the way, each a function of chain state and ledger."""
