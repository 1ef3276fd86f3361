"""Files that the authors of a dataset publish, each with its address, size and checksum."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedFile:
    """A file of a dataset as its authors publish it.

    Attributes:
        name: of the file, as the authors call it; no other published file has it.
        address: where a plain GET gives it, be it by way of redirects; never changes.
        n_bytes: its size.
        checksum: "md5:" or "sha256:", and the digest in lower-case hexadecimal digits.
        holds: what is in it, in a phrase.
        is_table: whether it says something of the images in others: then it is always wanted.
    """

    name: str
    address: str
    n_bytes: int
    checksum: str
    holds: str
    is_table: bool = False
