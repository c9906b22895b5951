"""Protocols of everything outside: chain, model, content store, ledger, clock, signer, notifier."""
