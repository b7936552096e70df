"""Formulas: a tiny grammar, three-valued arithmetic, one rounding; and SQL that agrees."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.formula import Result, Unreadable, evaluate, parse, rounded, to_sql, working

D = Decimal


def test_it_reads_its_inputs_from_the_formula_itself() -> None:
    formula = parse("reactive_hours / months / (technical_employees * hours_per_month) * 100")
    assert formula.inputs == ("reactive_hours", "technical_employees", "hours_per_month")


@pytest.mark.parametrize(("text", "expected"), [
    ("a + b * c", "22"), ("(a + b) * c", "30"), ("a - b - c", "-7"), ("a / b / c", "0.125"), ("-a + 0.5", "-1.5"),
    ("a * months_in_year", "24"), ("b - -a", "6"), ("1.25", "1.25"),
])
def test_it_works_out_arithmetic_as_written(text: str, expected: str) -> None:
    c = 4 if "/" in text else 5
    assert evaluate(parse(text), {"a": 2, "b": D(4), "c": c}) == Result(D(expected))


@pytest.mark.parametrize("text", [
    "__import__('os')", "a ** b", "a if b else c", "a.b", "f(a)", "'a'", "a, b", "a < b", "True", "a //", "", "a[0]",
    "1j",
])
def test_it_refuses_what_is_no_arithmetic(text: str) -> None:
    with pytest.raises(Unreadable):
        parse(text)


def test_a_missing_input_makes_the_result_missing_even_where_it_is_multiplied_by_zero() -> None:
    assert evaluate(parse("a * b"), {"a": D(0), "b": None}) == Result(None, missing=("b",))
    assert evaluate(parse("a / b"), {}) == Result(None, missing=("a", "b"))


def test_nothing_divided_by_nothing_is_undefined_and_nothing_divided_by_two_is_zero() -> None:
    assert evaluate(parse("a / b"), {"a": 0, "b": 0}) == Result(None, undefined=True)
    assert evaluate(parse("a / b"), {"a": 0, "b": 2}) == Result(D(0))
    assert evaluate(parse("1 + 1 / (a - a)"), {"a": 5}) == Result(None, undefined=True)


def test_it_rounds_half_away_from_zero_once_at_the_end() -> None:
    assert rounded(D("0.000000005")) == D("0.00000001")
    assert rounded(D("-0.000000005")) == D("-0.00000001")
    assert evaluate(parse("a / 3 * 3"), {"a": 1}).value == D(1)  # thirds are not rounded on the way


def test_it_shows_its_working_with_the_values_put_in() -> None:
    rhem = parse("reactive_hours / endpoints_managed / months")
    assert working(rhem, {"reactive_hours": "452.08", "endpoints_managed": "594", "months": "3"}) == "452.08 / 594 / 3"
    assert working(parse("a / (b * c) * 100"), {"a": "1", "b": "2", "c": "3"}) == "1 / (2 * 3) * 100"
    assert working(parse("a + nrr"), {"a": "1", "nrr": "-2044"}) == "1 + (-2044)"
    assert working(parse("a - (b - c)"), {"a": "1", "b": "2"}) == "1 - (2 - c)"


numbers = st.decimals(min_value=-(10**11), max_value=10**11, places=8, allow_nan=False)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(a=numbers, b=numbers, c=numbers, text=st.sampled_from(
    ["a / b", "a / b / c", "(a + b) / c", "a / (b * c) * 100", "a / b * 12 / 3", "a - b / c", "(a - b - c) / a * 100"]
))
def test_the_database_works_out_the_same_to_the_last_place(a: D, b: D, c: D, text: str) -> None:
    values = {"a": a, "b": b, "c": c}
    here = evaluate(parse(text), values).value
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {to_sql(parse(text), lambda word: f'{values[word]:f}::numeric')}")
        [there] = cursor.fetchone()
    assert here == there


@given(a=numbers, b=numbers.filter(bool))
def test_a_quotient_is_the_exact_fraction_rounded(a: D, b: D) -> None:
    value = evaluate(parse("a / b"), {"a": a, "b": b}).value
    assert value is not None
    assert abs(Fraction(value) - Fraction(a) / Fraction(b)) <= Fraction(1, 2 * 10**8)
