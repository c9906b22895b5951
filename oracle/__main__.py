"""`python -m oracle` is `gengov`."""

from oracle.cli.app import main

if __name__ == "__main__":
    main()
