"""The lines read and added up: what there is, and what the rows of each owner in each month come to."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from tests.worked_again.arithmetic import hashed, rounded
from tests.worked_again.values import NOTHING, Count, Key, Line, Scope, key_of


class Lines:
    """All lines."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.about: Line = {}
        self.definitions: dict[tuple[str, int], Line] = {}
        self.scopes: dict[Scope, Line] = {}
        self.connections: list[Line] = []
        self.values: dict[Key, Line] = {}
        self.rows: dict[tuple[str, int, str], dict[Scope, Count]] = defaultdict(dict)
        self.each: dict[tuple[str, int, str], dict[Scope, list[Fraction]]] = defaultdict(lambda: defaultdict(list))
        self._things: dict[tuple[str, int, str, Scope], set[int]] = defaultdict(set)
        unsettled: dict[tuple[str, str], dict[Scope, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        exact: dict[tuple[str, int, str], dict[Scope, Count]] = defaultdict(lambda: defaultdict(lambda: NOTHING))
        for line in map(json.loads, lines):
            match line["line"]:
                case "about":
                    self.about = line
                case "definition":
                    self.definitions[line["metric"], line["version"]] = line
                case "scope":
                    self.scopes[line["kind"], line["slug"]] = line
                case "connection":
                    self.connections.append(line)
                case "rows":
                    self._add_up(line, exact, unsettled)
                case "value":
                    self.values[key_of(line)] = line
        for (metric, version, month), of in exact.items():
            facts = self.definitions[metric, version]["counts"]["rows"]
            for scope, count in of.items():
                things = self._things.get((metric, version, month, scope))
                value = Fraction(len(things)) if things is not None else rounded(count.value)
                self.rows[metric, version, month][scope] = replace(
                    count, value=value, unsettled=unsettled[facts, month][scope]
                )
        self.unsettled = unsettled

    def _add_up(self, line: Line, exact: Any, unsettled: Any) -> None:
        month, scope = line["month"], (line["scope"]["kind"], line["scope"]["slug"])
        for row, _, *said in line["rows"]:
            for column, text in zip(line["columns"], said, strict=True):
                if text is None:
                    continue
                if column["what"] == "unsettled":
                    unsettled[line["of"], month][scope] += Fraction(text)
                    continue
                key = (column["metric"], column["version"], month)
                match column["what"]:
                    case "adds":
                        exact[key][scope] += Count(Fraction(text), 1, hashed(row))
                    case "thing":
                        exact[key][scope] += Count(Fraction(0), 1, hashed(row))
                        self._things[*key, scope].add(int(text))
                    case "each":
                        self.each[key][scope].append(Fraction(text))
                    case "among":
                        exact[key][scope] += Count(Fraction(0), 0, 0, among=int(text))
                    case "told":
                        exact[key][scope] += Count(Fraction(0), 0, 0, told=int(text))

    @cached_property
    def today(self) -> date:
        return datetime.fromisoformat(self.about["as_of"]).astimezone(self.zone).date()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.about["time_zone"])
