"""One Hypothesis profile for all tests: the same examples every time, as many seconds as they need."""

import os

from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example]
settings.register_profile("same", derandomize=True, deadline=None, database=None, suppress_health_check=SLOW)
settings.register_profile("search", settings.get_profile("same"), derandomize=False)  # other examples each time
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
