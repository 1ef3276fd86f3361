"""Names of two words: new ones each time, and whatever is typed becomes one line."""

import random

from xray_core.runs.nicknames import FIRST, SECOND, clean_nickname, draw_nickname


def test_names_are_two_words_that_nobody_has() -> None:
    rng, taken = random.Random(0), set[str]()
    for _ in range(500):
        taken.add(draw_nickname(taken, rng))

    assert len(taken) == 500
    assert all(len(name.split("-")) == 2 for name in taken)
    assert len(set(FIRST)) == len(FIRST)
    assert len(set(SECOND)) == len(SECOND)


def test_a_number_tells_names_apart_once_all_are_taken() -> None:
    every = {f"{first}-{second}" for first in FIRST for second in SECOND}

    name = draw_nickname(every, random.Random(0))

    assert name not in every
    assert name.endswith("-2")


def test_what_is_typed_becomes_one_short_line() -> None:
    assert clean_nickname("  my\nfirst\x00 run ") == "my first run"
    assert len(clean_nickname("x" * 500)) == 40
    assert clean_nickname(b"\xff".decode("utf-8", "surrogateescape")) == "?"
