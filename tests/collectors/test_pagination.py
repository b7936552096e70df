"""Where the next page begins, scheme by scheme."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.pagination import AfterId, Answer, LinkHeader, OnePage

LINK = '<https://vendor.example/rows?pageSize=2&{}>; rel="next", <https://vendor.example/rows?page=9>; rel="last"'


def answer(link: str | None = None) -> Answer:
    return Answer(None, {} if link is None else {"link": link})


def ids(*numbers: int) -> list[dict[str, int]]:
    return [{"id": number} for number in numbers]


def test_a_list_that_comes_whole_has_no_second_page() -> None:
    assert OnePage().after(answer(), ids(1, 2, 3), None) is None
    assert OnePage().params({"a": "b"}, None) == {"a": "b"}


class TestAfterId:
    scheme = AfterId(size=2)

    def test_the_next_page_begins_after_the_largest_id_in_whatever_order_they_come(self) -> None:
        assert self.scheme.after(answer(), ids(9, 4), None) == {"after": 9}
        assert self.scheme.params({}, {"after": 9}) == {"pageSize": "2", "after": "9"}

    def test_only_an_empty_page_is_the_end_since_a_server_may_cut_pages_short(self) -> None:
        assert self.scheme.after(answer(), ids(5), {"after": 4}) == {"after": 5}
        assert self.scheme.after(answer(), [], {"after": 5}) is None

    def test_a_page_without_any_id_is_never_taken_for_the_end(self) -> None:
        with pytest.raises(ValueError, match="no id"):
            self.scheme.after(answer(), [{"name": "x"}, "odd"], None)

    def test_one_row_without_an_id_does_not_stop_it(self) -> None:
        assert self.scheme.after(answer(), [{"name": "x"}, {"id": 3}], None) == {"after": 3}


class TestLinkHeader:
    scheme = LinkHeader(size=2)

    @pytest.mark.parametrize(("query", "cursor"), [("pageId=77", {"pageId": "77"}), ("page=3", {"page": "3"})])
    def test_the_link_names_the_next_page(self, query: str, cursor: dict[str, Any]) -> None:
        assert self.scheme.after(answer(LINK.format(query)), ids(1, 2), None) == cursor
        assert self.scheme.params({"a": "b"}, cursor) == {"a": "b", "pageSize": "2", **cursor}

    def test_nothing_but_the_page_is_taken_from_a_link(self) -> None:
        link = '<https://elsewhere.example/?pageId=5&conditions=everything&pageSize=1>; rel="next"'
        assert self.scheme.after(answer(link), ids(1, 2), None) == {"pageId": "5"}

    @pytest.mark.parametrize("link", ["", '<https://vendor.example/rows?page=1>; rel="first"'])
    def test_a_header_without_a_next_page_is_the_end_even_of_a_full_page(self, link: str) -> None:
        assert self.scheme.after(answer(link), ids(1, 2), None) is None

    def test_without_the_header_pages_are_counted_until_one_is_short(self) -> None:
        assert self.scheme.after(answer(), ids(1, 2), None) == {"page": "2"}
        assert self.scheme.after(answer(), ids(3, 4), {"page": "2"}) == {"page": "3"}
        assert self.scheme.after(answer(), ids(5), {"page": "3"}) is None

    def test_a_next_link_that_names_no_page_is_a_fault(self) -> None:
        with pytest.raises(ValueError, match="names no page"):
            self.scheme.after(answer(LINK.format("x=1")), ids(1, 2), None)
