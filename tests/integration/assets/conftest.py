"""A spy in S3's place and a router with the role's defaults per worker; other switches need a router of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.assets import NGINX, Authority, Router, Spy, authority, running

if not NGINX:
    pytest.skip("the Debian package nginx is missing", allow_module_level=True)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def _spy(certificates: Authority) -> Iterator[Spy]:
    spy = Spy(certificates)
    yield spy
    spy.close()


@pytest.fixture
def s3(_spy: Spy) -> Spy:
    _spy.objects.clear()
    _spy.requests.clear()
    _spy.failing, _spy.delay = 0, 0.0
    return _spy


@pytest.fixture(scope="session")
def _router(tmp_path_factory: pytest.TempPathFactory, _spy: Spy, certificates: Authority) -> Iterator[Router]:
    with running(tmp_path_factory.mktemp("router"), _spy, certificates) as router:
        yield router


@pytest.fixture
def router(_router: Router, s3: Spy) -> Router:  # noqa: ARG001 the spy is emptied first
    """With the role's defaults, without rate limits. Its cache lives on between tests: use a path of your own."""
    return _router


@pytest.fixture
def start_router(tmp_path: Path, s3: Spy, certificates: Authority) -> Iterator[Callable[..., Router]]:
    """start_router(assets_router_maintenance=True) → a router of its own, ended with the test."""
    with contextlib.ExitStack() as stack:
        count = iter(range(100))

        def start(**changes: object) -> Router:
            return stack.enter_context(running(tmp_path / f"router{next(count)}", s3, certificates, **changes))

        yield start
