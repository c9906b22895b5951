"""Content-addressed stores for what a proposal's data file holds."""
