"""Pure rules: integers in, integers out. Every on-chain rule has its twin here."""
