"""Where the next page begins, scheme by scheme."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.pagination import AfterId, Answer, CursorIn, LinkHeader, NextLink, Offset, OnePage, Pages

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


def told(body: Any, **headers: str) -> Answer:
    return Answer(body, headers)


class TestPages:
    def test_a_short_page_ends_where_nothing_else_is_told(self) -> None:
        scheme = Pages(size=2)
        assert scheme.params({"a": "b"}, None) == {"a": "b", "pageSize": "2", "page": "1"}
        assert scheme.after(told([]), ids(1, 2), None) == {"page": 2}
        assert scheme.params({}, {"page": 2}) == {"pageSize": "2", "page": "2"}
        assert scheme.after(told([]), ids(3), {"page": 2}) is None

    @pytest.mark.parametrize("first", [0, 1])
    def test_what_the_answer_tells_goes_before_the_length_of_a_page(self, first: int) -> None:
        second = {"page": first + 1}
        by_pages = Pages(size=2, first=first, pages_at="page.count")
        assert by_pages.after(told({"page": {"count": 2}}), ids(1), None) == second
        assert by_pages.after(told({"page": {"count": 2}}), ids(1, 2), second) is None
        by_total = Pages(size=2, first=first, total_at="total")
        assert by_total.after(told({"total": "3"}), ids(1), None) == second
        assert by_total.after(told({"total": 3}), ids(1, 2), second) is None
        by_flag = Pages(size=2, first=first, last_at="last")
        assert by_flag.after(told({"last": False}), ids(1), None) == second
        assert by_flag.after(told({"last": True}), ids(1, 2), None) is None

    def test_a_flag_is_no_number(self) -> None:
        assert Pages(size=2, pages_at="more").after(told({"more": True}), ids(1, 2), None) == {"page": 2}


class TestOffset:
    def test_the_place_moves_by_what_came(self) -> None:
        scheme = Offset(size=100, total_at="total")
        assert scheme.after(told({"total": 120}), ids(*range(50)), None) == {"offset": 50}
        assert scheme.params({}, {"offset": 50}) == {"limit": "100", "offset": "50"}
        assert scheme.after(told({"total": 120}), ids(*range(70)), {"offset": 50}) is None
        with pytest.raises(ValueError, match="before the end"):
            scheme.after(told({"total": 120}), [], {"offset": 50})

    def test_a_flag_or_a_short_page_ends_it_where_no_total_is_told(self) -> None:
        assert Offset(size=2, more_at="more").after(told({"more": True}), ids(1), None) == {"offset": 1}
        assert Offset(size=2, more_at="more").after(told({"more": False}), ids(1, 2), None) is None
        assert Offset(size=2).after(told({}), ids(1, 2), None) == {"offset": 2}
        assert Offset(size=2).after(told({}), ids(1), {"offset": 2}) is None


class TestCursorIn:
    @pytest.mark.parametrize("end", [None, "", "gone"])
    def test_a_token_in_the_body_asks_for_the_next_page_and_none_is_the_end(self, end: str | None) -> None:
        scheme = CursorIn(at="paging.next", param="after", size_param="limit", size=5)
        assert scheme.after(told({"paging": {"next": 71}}), ids(1), None) == {"token": "71"}
        assert scheme.params({"a": "b"}, {"token": "71"}) == {"a": "b", "limit": "5", "after": "71"}
        assert scheme.after(told({} if end == "gone" else {"paging": {"next": end}}), ids(1), None) is None

    def test_or_in_a_header(self) -> None:
        scheme = CursorIn(at="x-next", where="header")
        assert scheme.after(told([], **{"x-next": "t2"}), ids(1), None) == {"token": "t2"}
        assert scheme.after(told([]), ids(1), None) is None


class TestNextLink:
    scheme = NextLink(at=r"@odata\.nextLink", takes=("$skiptoken", "$skip"))

    def test_only_the_place_is_taken_from_the_link(self) -> None:
        body = {"@odata.nextLink": "https://elsewhere.example/else?$skiptoken=a%2Bb&$filter=everything"}
        assert self.scheme.after(told(body), ids(1), None) == {"$skiptoken": "a+b"}
        assert self.scheme.params({"$filter": "mine"}, {"$skiptoken": "a+b"}) == {
            "$filter": "mine", "$skiptoken": "a+b",
        }  # fmt: skip
        assert self.scheme.after(told({}), ids(1), None) is None

    def test_a_link_that_names_no_place_is_a_fault(self) -> None:
        with pytest.raises(ValueError, match="names no page"):
            self.scheme.after(told({"@odata.nextLink": "https://vendor.example/rows"}), ids(1), None)
