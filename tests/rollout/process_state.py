"""A pytest plugin: every test begins and ends without a view of the flags, and without a pulse."""

from collections.abc import Iterator

import pytest

from rollout import pulse
from rollout.breaker import breakers
from rollout.recording import recorder
from rollout.snapshot import holder


@pytest.fixture(autouse=True)
def no_rollout_state() -> Iterator[None]:
    """Forget what the process believes; fail a test that leaves a pulse behind, which would hold the test database."""
    holder.clear()
    recorder.clear()
    breakers.clear()
    yield
    left_behind = pulse.is_running()
    pulse.stop()
    holder.clear()
    assert not left_behind, "this test left a pulse running; end it with pulse.stop()"
