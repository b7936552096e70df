"""What is decided together: what shares a changed row, and what follows from it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from metrics.closing.batches import together
from metrics.models import Definition, Restatement, Scope

CLIENT, COMPANY = Scope(kind="organization"), Scope(kind="company")
HOURS = Definition(metric="reactive_hours")


def row(pk: int, changes: list[int], scope: Scope = CLIENT) -> Restatement:
    return Restatement(pk=pk, changes=changes, scope=scope, definition=HOURS)


def told(*rows: Restatement) -> list[tuple[list[int], list[int]]]:
    return [([each.pk for each in batch.rows], [each.pk for each in batch.followers]) for batch in together(rows)]


def test_what_shares_a_changed_row_is_decided_together_through_others_as_well() -> None:
    assert told(row(1, [7]), row(2, [8]), row(3, [9]), row(4, [9, 7])) == [([1, 3, 4], []), ([2], [])]


def test_what_no_row_is_behind_stands_together() -> None:
    assert told(row(1, []), row(2, [8]), row(3, [])) == [([1, 3], []), ([2], [])]


def test_the_companys_figure_ties_nothing_together_and_follows_every_batch_it_is_made_of() -> None:
    assert told(row(1, [7, 8, 9], COMPANY), row(2, [7]), row(3, [8])) == [([2], [1]), ([3], [1])]
    assert told(row(1, [5], COMPANY), row(2, [7]), row(3, [5], COMPANY)) == [([2], []), ([1], [3])]


@given(st.lists(st.lists(st.integers(1, 12), max_size=3), max_size=12))
def test_no_two_batches_share_a_changed_row_and_each_hangs_together(changes: list[list[int]]) -> None:
    found = together(row(number, each) for number, each in enumerate(changes))
    assert sorted(each.pk for batch in found for each in batch.rows) == [*range(len(changes))]
    for batch in found:
        assert batch.changes == {change for each in batch.rows for change in each.changes}
        assert not any(batch.changes & other.changes for other in found if other is not batch)
        reached, left = set(batch.rows[0].changes), list(batch.rows)
        while near := [each for each in left if reached & {*each.changes} or not each.changes]:
            reached |= {change for each in near for change in each.changes}
            left = [each for each in left if each not in near]
        assert not left
