"""What the writer sends to Postgres: ids, and a column for each array."""

from dataclasses import dataclass
from uuid import UUID

from chat_server.postgres.ids import new_id
from chat_server.postgres.unnest import arrays, column


@dataclass
class _Row:
    seq: int
    calm: bool | None


_COLUMNS = (column("seq", "bigint"), column("calm", "boolean"))


def test_a_column_of_nulls_is_sent_as_an_empty_array() -> None:
    assert arrays(_COLUMNS, [_Row(1, None), _Row(2, None)]) == [[1, 2], []]


def test_a_column_with_one_value_keeps_its_nulls_and_its_false() -> None:
    assert arrays(_COLUMNS, [_Row(1, None), _Row(2, False)]) == [[1, 2], [None, False]]


def test_new_ids_ascend_and_equal_the_same_ids_of_the_standard_library() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    copies = [UUID(str(each)) for each in ids]
    assert copies == ids
    assert set(copies) == set(ids)
    assert {each.version for each in copies} == {7}
