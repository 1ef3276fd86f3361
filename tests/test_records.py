"""Plain data against types, and tables against columns: what is wrong is named."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import pandas as pd
import pytest

from xray_core.records import build_record, fits, read_table


class Part(TypedDict):
    """What a record may hold."""

    n: int
    share: NotRequired[float | None]


@dataclass(frozen=True)
class Whole:
    """Every kind of field."""

    name: str
    n: int = 0
    share: float | None = None
    sure: bool = False
    tags: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    options: Mapping[str, float | str] = ()  # type: ignore[assignment]
    other: Any = None


GOOD = {
    "name": "a",
    "n": 3,
    "share": 1,
    "sure": True,
    "tags": ["x"],
    "parts": [{"n": 1, "share": None, "later": 1}],
    "options": {"a": 1, "b": "c"},
    "other": [None],
}


def test_data_of_the_right_types_becomes_a_record() -> None:
    found = build_record(Whole, {**GOOD, "from_the_future": 1}, "whole")

    assert (found.name, found.n, found.sure, found.tags) == ("a", 3, True, ("x",))
    assert (found.share, type(found.share)) == (1.0, float)
    assert found.parts == ({"n": 1, "share": None, "later": 1},)
    assert found.options == {"a": 1.0, "b": "c"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": 3}, "whole.name is 3, which is not of its type"),
        ({"name": {"a": 1}}, r"whole.name is \{'a': 1\}"),
        ({"n": True}, "whole.n is True"),
        ({"n": 1.0}, "whole.n is 1.0"),
        ({"n": None}, "whole.n is None"),
        ({"share": "1"}, "whole.share is '1'"),
        ({"sure": 1}, "whole.sure is 1"),
        ({"tags": "x"}, "whole.tags is 'x'"),
        ({"tags": ["x", 3]}, r"whole.tags\[1\] is 3"),
        ({"parts": [{}]}, r"whole.parts\[0\] is incomplete: it lacks n"),
        ({"parts": {"n": 1}}, "whole.parts is"),
        ({"options": [["a", 1]]}, "whole.options is"),
        ({"options": {"a": None}}, "whole.options.a is None"),
    ],
)
def test_a_value_of_another_type_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        build_record(Whole, GOOD | change, "whole")
    assert not fits(Whole, GOOD | change)


@pytest.mark.parametrize("values", [[], "a", 3, None, [GOOD]])
def test_what_is_no_object_is_refused(values: Any) -> None:
    with pytest.raises(ValueError, match="must be a JSON object"):
        build_record(Whole, values, "whole")


def test_what_lacks_a_field_is_refused_and_more_fields_on_demand() -> None:
    with pytest.raises(ValueError, match="whole is incomplete: it lacks name"):
        build_record(Whole, {"n": 1}, "whole")
    with pytest.raises(ValueError, match="whole has unknown fields: later"):
        build_record(Whole, {"name": "a", "later": 1}, "whole", known_only=True)


TABLE = pd.DataFrame({"name": ["a", "b"], "said": ["x", None], "p_x": [0.5, None]}).astype(
    {"name": "string", "said": "string"}
)


def read_back(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    table.to_parquet(folder / "t.parquet", index=False)
    with (folder / "t.parquet").open("rb") as file:
        return read_table(file, ("name",), ("said",), "p_")


def test_a_table_with_its_columns_is_read(tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(read_back(TABLE, tmp_path), TABLE)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (TABLE.drop(columns="name"), "it lacks the column name"),
        (TABLE.drop(columns="p_x"), "it lacks columns called p_"),
        (TABLE.assign(name=[1, 2]), "its column name holds something else than text"),
        (TABLE.assign(name=[b"a", b"b"]), "its column name holds something else than text"),
        (TABLE.assign(name=pd.array(["a", None], "string")), "its column name"),
        (TABLE.assign(p_x=["0.5", "1"]), "its column p_x holds something else than numbers"),
    ],
)
def test_a_table_that_lacks_something_is_refused_in_words(
    table: pd.DataFrame, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=words):
        read_back(table, tmp_path)


@pytest.mark.parametrize("kept", [0, 4, 50, -1, -9, -200])
def test_a_table_that_was_cut_is_refused_in_words(kept: int, tmp_path: Path) -> None:
    read_back(TABLE, tmp_path)
    path = tmp_path / "t.parquet"
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(ValueError, match="no Parquet table that can be read"):
        read_table(BytesIO(path.read_bytes()), ("name",))


def test_a_table_with_a_changed_byte_is_read_or_refused(tmp_path: Path) -> None:
    read_back(TABLE, tmp_path)
    path = tmp_path / "t.parquet"
    whole = path.read_bytes()
    for place in range(4, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            found = read_table(BytesIO(path.read_bytes()), ("name",), ("said",), "p_")
        except ValueError:
            continue
        assert {"name", "said", "p_x"} <= set(found)
