"""Frozen types of the organisation: what is said about a slot, from bid to reward. Imports nothing of ours."""
