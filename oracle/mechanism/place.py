"""Reading JSON that nobody vouches for: every value knows where it stands, and says so when it is another type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from eth_utils.address import is_checksum_address

from oracle.domain.errors import BadInput
from oracle.mechanism.canonical import Json, clipped, shown_key

MAX_UINT = (1 << 256) - 1


@dataclass(frozen=True, slots=True)
class Place:
    """A JSON value and its path; every method returns it as one type or raises BadInput with the path."""

    value: Json
    where: str

    def __getitem__(self, key: str) -> "Place":
        return Place(self.mapping()[key], f"{self.where}.{key}")

    def only(self, keys: Sequence[str]) -> None:
        """Exactly these keys."""
        found = self.mapping()
        missing, extra = [key for key in keys if key not in found], sorted(set(found) - set(keys))
        if missing or extra:
            wrong = [f"{kind} {shown(names)}" for kind, names in (("lacks", missing), ("has", extra)) if names]
            raise BadInput(f"{self.where}: {' and '.join(wrong)}", hint=f"Its keys are {', '.join(keys)}.")

    def mapping(self) -> dict[str, Json]:
        """An object."""
        return self.value if isinstance(self.value, dict) else self.fail("an object")

    def mapping_or_none(self) -> dict[str, Json] | None:
        """An object or null."""
        return None if self.value is None else self.mapping()

    def items(self, most: int) -> list["Place"]:
        """A list of at most `most` values."""
        if not isinstance(self.value, list) or len(self.value) > most:
            self.fail(f"a list of at most {most}")
        return [Place(item, f"{self.where}[{index}]") for index, item in enumerate(self.value)]

    def number(self, most: int, *, least: int = 0) -> int:
        """A whole number from `least` to `most`."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not least <= self.value <= most:
            self.fail(f"a whole number from {least} to {most}")
        return self.value

    def text(self, most: int | None = None) -> str:
        """A string, of at most `most` characters if given."""
        if not isinstance(self.value, str) or (most is not None and len(self.value) > most):
            self.fail("a string" if most is None else f"a string of at most {most} characters")
        return self.value

    def boolean(self) -> bool:
        """True or false."""
        return self.value if isinstance(self.value, bool) else self.fail("true or false")

    def hexadecimal(self, size: int | None = None) -> bytes:
        """0x and lower-case digits, of `size` bytes if given."""
        text = self.text()
        try:
            data = bytes.fromhex(text.removeprefix("0x"))
        except ValueError:
            data = b""
        if text != "0x" + data.hex() or size not in (None, len(data)):
            self.fail("0x and hexadecimal digits" if size is None else f"0x and {2 * size} hexadecimal digits")
        return data

    def address(self) -> str:
        """A checksummed address."""
        return self.text() if is_checksum_address(self.text()) else self.fail("a checksummed address")

    def fail(self, expected: str) -> NoReturn:
        """Refuses the value."""
        raise BadInput(f"{self.where}: {clipped(repr(self.value))} is not {expected}")


def shown(names: Sequence[str]) -> str:
    """Some names for a message, which stays short however many and long they are."""
    listed = ", ".join(shown_key(name) for name in names[:8])
    return f"{listed} and {len(names) - 8} more" if len(names) > 8 else listed
