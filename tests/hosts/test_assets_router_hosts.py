"""The role assets_router on real systemd hosts. A file of its own, so that another worker of pytest's can boot them."""

from __future__ import annotations

import pytest

from tests.support import hosts

pytestmark = [pytest.mark.slow, pytest.mark.hosts]


def test_converges_rests_and_holds_on_every_platform():
    hosts.holds("assets_router")
