"""Every layout: what its template shows becomes a row, and a file loaded twice is one loaded once."""

from __future__ import annotations

from collections import Counter

import pytest
from django.apps import apps

from collectors.connections import Connection, QuarantinedRecord
from collectors.declare import Layer
from collectors.drop.declare import Layout
from collectors.drop.layouts import LAYOUTS
from collectors.drop.loading import check, load_and_tell
from collectors.drop.rows import _heading
from collectors.facts.accounts import Account
from collectors.facts.readings import Listing, Reading
from collectors.facts.shapes import Record
from tests.collectors.drop.files import example

pytestmark = pytest.mark.django_db
EVERY = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
OF_COLUMNS = [one for one in LAYOUTS.values() if not one.shapes]
PLAIN = pytest.mark.parametrize("layout", OF_COLUMNS, ids=[one.key for one in OF_COLUMNS])


@PLAIN
def test_the_templates_example_becomes_a_row_that_counts_as_read(layout: Layout) -> None:
    run, told = load_and_tell(layout, example(layout), "By hand")
    assert (told.read, told.new, told.changed, told.set_aside) == (1, 1, 0, ())
    row = layout.into._default_manager.get(connection__label="By hand", connection__vendor=layout.vendor)
    assert row.external_id and row.changed_run_id == run.pk
    assert not QuarantinedRecord.objects.exists()
    read = Reading.objects.filter(entity=layout.into.__name__).count()
    listed = Listing.objects.filter(entity=layout.into.__name__).count()
    assert (read, listed) == ((1, 0) if layout.happens else (0, 1))
    filled = {one.name for one in layout.columns if one.example}
    assert filled >= {one.name for one in layout.required}


@PLAIN
def test_the_same_file_twice_changes_nothing(layout: Layout) -> None:
    first, _ = load_and_tell(layout, example(layout), "By hand")
    before = _facts(layout)
    again, told = load_and_tell(layout, example(layout), "By hand")
    assert (told.read, told.new, told.changed, told.same, told.retired) == (1, 0, 0, 1, 0)
    assert _facts(layout) == before and again.pk != first.pk
    assert Connection.objects.count() == 1


@PLAIN
def test_a_check_says_what_a_load_does_and_writes_nothing(layout: Layout) -> None:
    checked = check(layout, example(layout), "By hand")
    assert not Connection.objects.exists() and not Account.objects.exists()
    _, told = load_and_tell(layout, example(layout), "By hand")
    assert checked == told


@EVERY
def test_no_heading_means_two_columns_and_every_column_is_explained(layout: Layout) -> None:
    names = [column.name for column in layout.columns]
    assert len(set(map(_heading, names))) == len(names)
    also = Counter(name for column in layout.columns for name in {_heading(one) for one in column.also})
    assert [name for name, count in also.items() if count > 1] == []
    assert all(column.meaning and "." not in column.name for column in layout.columns)


def test_every_layer_and_entity_of_the_product_has_a_layout() -> None:
    entities = {model for model in apps.get_app_config("collectors").get_models() if issubclass(model, Record)}
    by_the_way = {"TicketStatus"}  # its words stand in each ticket, and no file lists them
    assert {entity.__name__ for entity in entities} - {one.into.__name__ for one in LAYOUTS.values()} == by_the_way
    assert {layout.layer for layout in LAYOUTS.values()} == set(Layer)


def _facts(layout: Layout) -> list[dict[str, object]]:
    tables = [layout.into, *([layout.into.state_model] if layout.into.state_model else [])]
    return [row for table in tables for row in table._default_manager.order_by("pk").values()]
