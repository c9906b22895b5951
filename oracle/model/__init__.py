"""Model engines and the manifest of committed weights."""
