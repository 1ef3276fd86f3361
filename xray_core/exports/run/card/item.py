"""One item of a checklist."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """An item of a reporting checklist.

    Attributes:
        number: as the checklist has it.
        section: of the checklist.
        words: what is to be reported, in our words.
        known: which of `known.list_known` answer it; () for none.
        blank: what of it only the author can say; "" where nothing is left.
    """

    number: str
    section: str
    words: str
    known: tuple[str, ...] = ()
    blank: str = ""
