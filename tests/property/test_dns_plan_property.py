"""Whatever is live and whatever is declared: the plan makes it so, at once where it fits, and a second plan is empty.

Carried out on the embedded AWS's own judge of batches.
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.estate.dns.check import mistakes
from ansible.module_utils.estate.dns.desired import dns_desired
from ansible.module_utils.estate.dns.plan import delta, plan
from ansible.module_utils.estate.dns.read import Live, Zone
from ansible.module_utils.estate.dns.records import key_of, meaning
from ansible.module_utils.estate.plan import carry_out
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.route53.models import Route53Backend

from local_aws.patches import dns_changes

ZONE = "shop.example."
NAMES = ["@", "a", "b", "*", "x.a", "_p"]
VALUES = {
    "A": st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"]), min_size=1, unique=True),
    "CNAME": st.sampled_from([["one.example."], ["Two.example."]]),
    "MX": st.lists(st.sampled_from(["1 mx.example.", "5 MX2.example."]), min_size=1, unique=True),
    "TXT": st.lists(st.text(st.characters(codec="latin-1", exclude_characters="\0"), max_size=600).filter(
        lambda text: text.strip() and not (text[0] == text[-1] == '"')), min_size=1, max_size=2, unique=True),
}  # fmt: skip


@st.composite
def sides(draw: st.DrawFn) -> dict[str, Any]:
    """Records that may stand beside each other."""
    records: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        kinds = draw(st.sampled_from([["CNAME"], ["A"], ["A", "TXT"], ["MX"], ["TXT", "MX", "A"]]))
        for kind in kinds if name != "@" or kinds != ["CNAME"] else ["A"]:
            values = draw(VALUES[kind])
            if kind == "A" and draw(st.booleans()):
                sets = [{"set": {"SetIdentifier": f"s{n}", "Weight": n}, "values": v} for n, v in enumerate(values)]
                records[f"{name} {kind}"] = sets
            else:
                records[f"{name} {kind}"] = {"ttl": draw(st.sampled_from([60, 600])), "values": values}
    return records


def declared(records: dict[str, Any]) -> dict[str, Any]:
    zones = {"shop.example": {"account": "main", "delegated_by": "x", "records": records}}
    assert mistakes(zones, ("main",)) == []
    return dns_desired(zones, "main", 600)


class World:
    def __init__(self) -> None:
        self.backend = Route53Backend("us-east-1", "111111111111")
        self.zone = self.backend.create_hosted_zone("shop.example.", private_zone=False)
        self.calls = 0

    def live(self) -> Live:
        found = []
        for one in self.zone.rrsets:
            values = [value["Value"] if isinstance(value, dict) else value for value in one.records or ()]
            said = {"Name": one.name, "Type": one.type, "TTL": one.ttl, "SetIdentifier": one.set_identifier,
                    "Weight": one.weight, "ResourceRecords": [{"Value": value} for value in values]}  # fmt: skip
            found.append({key: value for key, value in said.items() if value is not None})
        return Live({ZONE: Zone(self.zone.resource_id, found)})

    def call(self, action: Any) -> None:
        self.calls += 1
        params = action.params
        changes = [dict(one) for one in params["ChangeBatch"]["Changes"]]
        dns_changes.change_resource_record_sets(self.backend, params["HostedZoneId"], changes)


@settings(max_examples=150, deadline=None)
@given(sides(), sides())
def test_the_plan_makes_it_so_and_a_second_one_is_empty(before: dict[str, Any], after: dict[str, Any]) -> None:
    world = World()
    for records in (before, after):
        wanted, live = declared(records), world.live()
        had = {key_of(one) for one in live.zones[ZONE].rrsets}
        world.calls = 0
        made = plan("main", wanted, live, [delta(ZONE, wanted[ZONE], live)])
        outcomes = carry_out(made.actions, world.call, str)
        assert [one.status for one in outcomes] == ["done"] * len(made.actions), [one.why for one in outcomes]
        assert world.calls <= 1, "one batch"
        now = {key_of(one): one for one in world.live().zones[ZONE].rrsets}
        for one in wanted[ZONE]["records"]:
            assert meaning(now[key_of(one)]) == meaning(one)
        # what is not declared stays, unless it cannot stand beside what is
        names = {key_of(one)[0] for one in wanted[ZONE]["records"]}
        assert {key for key in had if key[0] not in names} <= set(now)
        again = world.live()
        assert plan("main", wanted, again, [delta(ZONE, wanted[ZONE], again)]).actions == []
