"""One Hypothesis profile for all tests: the same examples every time, as many seconds as they need."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example]
settings.register_profile("same", derandomize=True, deadline=None, database=None, suppress_health_check=SLOW)
settings.register_profile("search", settings.get_profile("same"), derandomize=False)  # other examples each time
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

PATIENCE = 100  # seconds that any one test may take: a hang is a failure


class HangError(BaseException):
    """A test that does not end. Nothing that tracer catches."""


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    def give_up(*_: Any) -> None:
        raise HangError(f"still not done after {PATIENCE} seconds")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
