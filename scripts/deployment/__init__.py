"""The parts of a deployment: profile (which values), plan (which arguments, in which order), session (Brownie)."""
