"""Programs that work on the checkout: deploy, verify, export, train. `python scripts/NAME.py --help` tells each one."""
