"""Charts: gaps stay gaps, bars start at zero, and no figure carries a look of its own."""

import json
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
import pytest

from qbr.pages import charts
from qbr.pages.charts import Band, GoalLine, Kind, Series

LABELS = ["Jan 2026", "Feb 2026", "Mar 2026"]


def drawn(kind: Kind, *values: Decimal | None, provisional: tuple[bool, ...] = ()) -> Any:
    texts = tuple(str(value) for value in values)
    return json.loads(charts.trend(kind, LABELS, [Series("Tickets", values, texts, provisional)]))


def test_a_missing_month_is_a_gap_and_not_zero() -> None:
    line = drawn(Kind.LINES, Decimal(3), None, Decimal(5))["data"][0]
    assert (line["y"], line["connectgaps"]) == ([3.0, None, 5.0], False)


def test_bars_start_at_zero() -> None:
    assert drawn(Kind.BARS, Decimal(300), Decimal(301), Decimal(302))["layout"]["yaxis"]["rangemode"] == "tozero"


def test_a_month_still_running_is_dashed_and_joined_to_the_one_before() -> None:
    settled, moving = drawn(Kind.LINES, Decimal(1), Decimal(2), Decimal(3), provisional=(False, False, True))["data"]
    assert settled["y"] == [1.0, 2.0, None]
    assert (moving["y"], moving["line"]["dash"]) == ([None, 2.0, 3.0], "dot")


def test_colours_are_named_and_left_to_the_theme() -> None:
    figure = charts.trend(Kind.BARS, LABELS, [Series("A", (Decimal(1),) * 3, ("1",) * 3)])
    assert "var(--series-1)" in figure
    assert "template" not in json.loads(figure)["layout"]


def test_a_bridge_floats_its_steps_from_the_running_sum() -> None:
    values = [Decimal(100), Decimal(20), Decimal(-5), Decimal(115)]
    bars = json.loads(
        charts.bridge(["from", "new", "lost", "to"], values, ["", "", "", ""], [True, False, False, True])
    )["data"][0]
    assert bars["base"] == [0.0, 100.0, 120.0, 0.0]


def test_a_figure_cannot_end_the_script_it_stands_in() -> None:
    assert "</script" not in charts.trend(Kind.BARS, ["</script>"], [Series("<b>", (Decimal(1),), ("1",))])


def test_a_spark_breaks_where_a_value_is_missing() -> None:
    path = charts.spark([Decimal(1), Decimal(2), None, Decimal(3), Decimal(4)], "x")
    assert path.count("M") == 2


def test_two_points_are_no_spark() -> None:
    assert charts.spark([Decimal(1), Decimal(2)], "x") == ""


THREE = (Decimal(1), None, Decimal(3))


@pytest.mark.parametrize(
    "figure",
    [
        *(
            charts.trend(kind, LABELS, [Series("A", THREE, ("1", "—", "3"), (False, False, True))] * 2,
                         goals=[GoalLine((Decimal(2),) * 3)])
            for kind in Kind
        ),
        charts.bridge(["from", "new", "to"], [Decimal(1)] * 3, ["$1"] * 3, [True, False, True]),
    ],
    ids=[*Kind, "bridge"],
)
def test_every_kind_of_figure_is_one_that_plotly_knows(figure: str) -> None:
    known = go.Figure(json.loads(figure))
    assert len(known.data) > 0


def test_a_goal_is_a_dashed_line_with_its_word_as_it_stands_month_by_month() -> None:
    path = GoalLine((None, Decimal("0.5"), Decimal("0.25")))
    figure = json.loads(charts.trend(Kind.LINES, LABELS, [Series("A", THREE, ("",) * 3)], goals=[path]))
    line, word = figure["data"][0], figure["layout"]["annotations"][0]
    assert (line["y"], line["line"]["dash"]) == ([None, 0.5, 0.25], "dash")
    assert (word["text"], word["y"]) == ("goal", 0.25)


def test_months_keep_their_order_where_a_band_begins_later() -> None:
    band = Band(*(((Decimal(1),) * 2),) * 3)
    figure = json.loads(charts.trend(Kind.LINES, LABELS, [Series("A", THREE, ("",) * 3)], band=band))
    assert figure["data"][0]["x"] == LABELS[1:]
    assert figure["layout"]["xaxis"]["categoryarray"] == LABELS


def test_a_spark_is_not_joined_where_another_definition_begins() -> None:
    values = [Decimal(1), Decimal(2), Decimal(9), Decimal(8)]
    assert charts.spark(values, "x", [2]).count("M") == 2


@pytest.mark.parametrize(
    ("largest", "ticks"), [("112619.20", "$~s"), ("-16614", "$~s"), ("231.98", "$~s"), ("0", "$,.2f")]
)
def test_money_axes_put_the_sign_before_the_dollar_and_thousands_as_k(largest: str, ticks: str) -> None:
    series = Series("MRR", (None, Decimal(largest)), ("", ""))
    axis = json.loads(charts.trend(Kind.BARS, LABELS[:2], [series], prefix="$"))["layout"]["yaxis"]
    assert axis["tickformat"] == ticks
