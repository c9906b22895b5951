"""Attestations of TDX and SGX enclaves, checked offline."""
