"""Records with what their ids stand for, as another short list of the vendor says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collectors.declare import Lookup
from collectors.errors import Unavailable
from collectors.pagination import AfterId
from tests.collectors.test_client import ROWS, client, rows, vendor
from tests.collectors.told import Reply, Told

pytestmark = pytest.mark.django_db

OWNERS = Lookup(path="/owners", by="who.id", paginate=AfterId(size=1))
NAMED = replace(ROWS, looks_up={"owner": OWNERS})
WREN, IRIS = {"id": 7, "name": "Wren"}, {"id": 8, "name": "Iris"}


def test_each_record_has_what_its_id_stands_for_and_none_where_nobody_knows_it(told: Told) -> None:
    told.tell("/rows", Reply([{"id": 1, "who": {"id": "8"}}, {"id": 2, "who": {"id": 9}}, {"id": 3, "who": None}, "?"]))
    told.tell("/owners", Reply([WREN]), Reply([IRIS]), Reply([]))
    read = rows(client(told, vendor(NAMED)), NAMED)
    assert [row["owner"] for row in read[:3]] == [IRIS, None, None] and read[3] == "?"


def test_what_one_list_says_may_be_looked_up_in_another(told: Told) -> None:
    told.tell("/rows", Reply([{"id": 1, "who": {"id": 7}}, {"id": 2, "who": {"id": 8}}]))
    told.tell("/owners", Reply([WREN | {"team": {"id": 3}}]), Reply([IRIS]), Reply([]))
    told.tell("/teams", Reply([{"id": 3, "name": "Night"}]), Reply([]))
    chained = replace(NAMED, looks_up={"owner": OWNERS, "team": replace(OWNERS, path="/teams", by="owner.team.id")})
    assert [row["team"] for row in rows(client(told, vendor(chained)), chained)] == [{"id": 3, "name": "Night"}, None]


def test_the_short_list_is_read_once_a_run_and_not_before_it_is_needed(told: Told) -> None:
    told.tell("/rows", Reply([{"id": 1, "who": {"id": 7}}]))
    told.tell("/owners", Reply([WREN]), Reply([]))
    reader = client(told, vendor(NAMED))
    assert told.paths() == []
    assert rows(reader, NAMED) == rows(reader, NAMED)
    assert told.paths() == ["/rows", "/owners", "/owners", "/rows"]


def test_records_whose_short_list_cannot_be_read_are_not_read_either(told: Told) -> None:
    told.tell("/rows", Reply([{"id": 1, "who": {"id": 7}}]))
    told.tell("/owners", Reply({"error": "busy"}))
    with pytest.raises(Unavailable, match="at /owners"):
        rows(client(told, vendor(NAMED)), NAMED)
