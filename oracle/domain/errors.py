"""What can go wrong, in one family: each error names what, where and why, and how to mend it."""


class GengovError(Exception):
    """Root of every error that a person sees; `exit_code` is the stable status of the command line."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class Refused(GengovError):
    """A rule of the organisation, or of this tool, says no. Nothing was sent. Exit 1."""

    exit_code = 1


class OtherRules(Refused):
    """A model is committed to other sampling rules than those asked for; `committed` is the id of its own."""

    def __init__(self, message: str, *, committed: bytes, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.committed = committed


class BadInput(GengovError):
    """A file, value or setting is malformed; the message names it and the place. Exit 2."""

    exit_code = 2


class Reverted(GengovError):
    """The contract refused: `error` is the custom error's name, `args_` its decoded arguments. Exit 3."""

    exit_code = 3

    def __init__(self, message: str, *, error: str = "", args_: tuple[object, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.error = error
        self.args_ = args_


class Unreachable(GengovError):
    """A chain, store or engine does not answer, or is not the one expected. Exit 4."""

    exit_code = 4
