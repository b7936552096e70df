"""The kinds of panels a page is made of, one small class each."""

from qbr.pages.panels.bridge import Bridge
from qbr.pages.panels.facts import FactTable, Over, Ranked, Ranking, Stacked
from qbr.pages.panels.layers import LayerRanking, LayerTable, LayerTiles, LayerTrend
from qbr.pages.panels.months import MonthlyReview
from qbr.pages.panels.quarters import QuarterTable
from qbr.pages.panels.systems import BySystem
from qbr.pages.panels.tiles import Tiles
from qbr.pages.panels.trend import Trend

__all__ = [
    "Bridge",
    "BySystem",
    "FactTable",
    "LayerRanking",
    "LayerTable",
    "LayerTiles",
    "LayerTrend",
    "MonthlyReview",
    "Over",
    "QuarterTable",
    "Ranked",
    "Ranking",
    "Stacked",
    "Tiles",
    "Trend",
]
