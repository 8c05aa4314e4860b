from ipaddress import ip_network

import pytest
from ansible.module_utils.estate.networks import problems
from hypothesis import given
from hypothesis import strategies as st

WHOLE = "0.0.0.0"  # noqa: S104 nothing is bound to it


@pytest.mark.parametrize(
    "networks", [["192.0.2.0/24", "203.0.113.7"], ["10.0.0.0/8"], ["2001:db8::/32", "::1"], ["172.31.0.0/20"], []]
)
def test_networks_of_an_organisation_are_taken(networks):
    assert problems(networks) == []


@pytest.mark.parametrize(
    "network", ["cafe", "300.1.2.3/99", "192.0.2.0/33", "192.0.2.1/24", "", "any", "0.0.0.0/", "2001:db8::1/32"]
)
def test_what_is_no_network_is_named(network):
    (said,) = problems([network])

    assert said.startswith(f"{network!r} is no network")


@given(st.integers(0, 7), st.sampled_from([(WHOLE, 8), ("::", 16)]))
def test_the_whole_internet_is_refused_however_it_is_cut(extra, internet):
    whole, widest = internet

    pieces = [str(piece) for piece in ip_network(f"{whole}/0").subnets(extra)]

    assert problems(pieces) == [f"{whole}/0 is too much of the internet; the widest that is taken is a /{widest}"]


def test_most_of_the_internet_is_refused_too():
    pieces = [f"{first}.0.0.0/8" for first in range(1, 255)]

    assert any("too much of the internet" in said for said in problems(pieces))
