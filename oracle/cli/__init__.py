"""The command line `gengov`: one module per noun."""
