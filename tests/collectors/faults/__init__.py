"""What a vendor may do to us on a bad day, tried on every list of every vendor file, from the wire to the number."""

import pytest

pytest.register_assert_rewrite("tests.collectors.faults.judged")
