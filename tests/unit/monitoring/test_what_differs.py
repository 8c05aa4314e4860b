from __future__ import annotations

import pytest
from ansible.module_utils.estate.monitoring.guard import refusals
from ansible.module_utils.estate.monitoring.kind import Place
from ansible.module_utils.estate.monitoring.kinds import BY_OPTION
from ansible.module_utils.estate.monitoring.plan import plan
from ansible.module_utils.estate.monitoring.read import Live

NOBODY = {"Version": "2012-10-17", "Statement": []}
ANYBODY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish"}]}
MAIL = {"protocol": "email", "endpoint": "estate@marketplace.example"}


def test_a_diff_has_nothing_of_what_is_as_declared_however_aws_says_it():
    """Of a subscription that nobody confirmed AWS shows no filter."""
    filtered = {**MAIL, "filter": {"AlarmName": ["a"]}}
    topic = {"name": "alarm", "policy": NOBODY, "attributes": {}, "subscriptions": [filtered]}
    pending = {**topic, "policy": ANYBODY, "subscriptions": [{**MAIL, "arn": "PendingConfirmation"}]}
    declared = {option: [] for option in BY_OPTION} | {
        "topics": [topic], "purpose": "monitoring", "account": "main", "known": [], "unmanaged_pattern": "*",
        "adopt_in": "",
    }  # fmt: skip
    live = Live(things={"topics": {"alarm": pending}}, place=Place("111111111111", "eu-west-1"), certificates={})

    (diff,) = plan(declared, live).diff

    assert diff["before"] != diff["after"]
    assert "filter" not in str(diff)
    assert "estate@" not in str(diff)


@pytest.mark.parametrize(
    ("days", "age", "refused"),
    [(0, 0.1, False), (0, 2.0, True), (30, 0.1, True), (1, 9.0, False)],
)
def test_a_group_that_an_interrupted_run_made_is_given_its_days_and_no_other_loses_events(days, age, refused):
    declared = dict.fromkeys(BY_OPTION) | {"log_groups": [{"name": "g", "days": 1}], "shorter": [], "account": "a"}
    found = {"log_groups": {"g": {"name": "g", "days": days, "key": "", "age": age}}}

    said = list(refusals(declared, Live(Place("111111111111", "eu-west-1"), found, {})))

    assert bool(said) == refused
    assert all("say monitoring_shorter: [g]" in one for one in said)
