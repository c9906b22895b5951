"""What the oracle serves over HTTP."""
