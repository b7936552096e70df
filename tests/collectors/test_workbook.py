"""A workbook that anybody may have made is read within the memory its size lets one expect, or refused."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from collectors.workbook import Unusable, sheets
from tests.collectors.drop.files import as_xlsx


def cells(content: bytes, unpacked: int = 300_000_000) -> list[list[list[Any]]]:
    return list(sheets("x.xlsx", content, unpacked=unpacked, cells=4_000_000))


def test_the_cells_of_a_sheet_are_values() -> None:
    assert cells(as_xlsx([["Ticket", "Hours"], ["a", 1.5]])) == [[["Ticket", "Hours"], ["a", 1.5]]]


def test_a_cell_at_the_far_corner_of_a_sheet_costs_no_memory() -> None:
    with pytest.raises(Unusable, match="A cell far from the others"):
        cells(as_xlsx([["Ticket"]], far=(1_048_575, 16_383)))


def test_one_long_text_in_every_cell_costs_no_memory() -> None:
    content = as_xlsx([["x" * 30_000] * 20] * 20)
    assert len(content) < 20_000
    with pytest.raises(Unusable, match="of text"):
        cells(content, unpacked=10_000_000)  # of these it would take twelve


def bomb(said: int | None = None) -> bytes:
    """A workbook whose sheet unpacks to a megabyte, and may say that it is smaller."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 1_000_000)
    content = packed.getvalue()
    return content if said is None else content.replace((1_000_000).to_bytes(4, "little"), said.to_bytes(4, "little"))


def test_a_small_workbook_that_unpacks_to_anything_is_refused() -> None:
    with pytest.raises(Unusable, match="unpacks to more than"):
        cells(bomb(), unpacked=999_999)
    with pytest.raises(Unusable, match="cannot be read as a workbook"):  # it says less than it holds
        cells(bomb(said=1_000), unpacked=999_999)
