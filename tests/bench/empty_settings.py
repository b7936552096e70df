"""The product's settings with the bench's one empty view in place of its pages."""

from qbr.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.empty"
