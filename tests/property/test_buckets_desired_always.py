"""Whatever the vars say: names are S3's, policies open only what is listed, role and rules agree."""

import copy
import re

from ansible.module_utils.estate.buckets.desired import buckets_desired
from ansible.module_utils.estate.buckets.principals import principal_arns
from ansible.module_utils.estate.buckets.statements import bucket_policy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Other work on the machine is no fault of what is judged.
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ACCOUNTS = {"main": {"id": "111111111111"}, "development": {"id": "222222222222"}}
principals = st.lists(
    st.sampled_from(["main", "main:jenkins", "development:developers", "development:infrastructure"]), unique=True
)
lists = ("readers", "writers", "deleters", "listers", "version_listers")
settings_of_a_kind = st.fixed_dictionaries(
    {"served": st.booleans(), "servable": st.just(True)},
    optional={
        **dict.fromkeys(lists, principals),
        "expire_days": st.integers(1, 4000),
        "versioning": st.just(True),
        "keep_statements": st.booleans(),
    },
)
kinds = st.dictionaries(st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True), settings_of_a_kind, max_size=6)


@st.composite
def declarations(draw):
    drawn = draw(kinds)
    replicated = draw(st.lists(st.sampled_from(sorted(drawn)), unique=True)) if drawn else []
    return {
        "name": "preview",
        "stage": "preview",
        "environment": "preview",
        "account": "development",
        "accounts": ACCOUNTS,
        "prefix": "digitalmarketplace",
        "region": "eu-west-1",
        "replica_region": "eu-west-2",
        "router_addresses": ["198.51.100.10/32"],
        "logs_kind": draw(st.sampled_from([*sorted(drawn), ""])),
        "tags": {},
        "defaults": {"versioning": True, "mfa_delete": False, "encryption": {"algorithm": "AES256"}},
        "kinds": drawn,
        "overrides": {kind: {"replica": {"name": f"cross-region-{kind}"}} for kind in replicated},
        "standalone": {},
    }


@SLOW
@given(declarations())
def test_role_and_rules_of_replication_always_agree(declared):
    desired = buckets_desired(declared)

    sources = {bucket["name"]: rules for bucket in desired["buckets"] if (rules := bucket["replication"]["rules"])}
    role = desired["replication_role"]
    assert bool(role["policy"]) == bool(sources)
    if sources:
        granted = {s["Sid"]: set(s["Resource"]) for s in role["policy"]["Statement"]}
        assert granted["ReadSources"] == {f"arn:aws:s3:::{name}" for name in sources}
        assert granted["ReplicateIntoReplicas"] == {
            f"arn:aws:s3:::{rule['bucket']}/*" for rules in sources.values() for rule in rules
        }


@SLOW
@given(declarations())
def test_a_replica_is_there_and_versioned_before_its_source(declared):
    ready = set()
    for bucket in buckets_desired(declared)["buckets"]:
        for rule in bucket.get("replication", {}).get("rules", []):
            assert rule["bucket"] in ready
            assert rule["region"] != bucket["region"]
        if bucket["versioning"]:
            ready.add(bucket["name"])


@SLOW
@given(declarations())
def test_nobody_but_those_listed_may_do_anything(declared):
    for bucket in buckets_desired(declared)["buckets"]:
        kind = bucket["tags"].get("Kind")
        settings = declared["kinds"].get(kind, {}) if "ReplicaOf" not in bucket["tags"] else {}
        listed = {arn for key in lists for arn in principal_arns(settings.get(key, []), ACCOUNTS)}
        for statement in bucket["policy"]["Statement"]:
            if statement["Effect"] == "Deny":
                continue
            if statement["Principal"] == "*":
                assert settings["served"]
                assert statement["Action"] == ["s3:GetObject"]
                assert statement["Condition"] == {"IpAddress": {"aws:SourceIp": ["198.51.100.10/32"]}}
            elif "AWS" in statement["Principal"]:
                assert set(statement["Principal"]["AWS"]) <= listed


@SLOW
@given(declarations())
def test_the_same_vars_give_the_same_state_and_stay_as_they_are(declared):
    before = copy.deepcopy(declared)
    assert buckets_desired(declared) == buckets_desired(declared)
    assert declared == before


@SLOW
@given(st.dictionaries(st.sampled_from(lists), st.lists(st.just("arn:aws:iam::111111111111:root"), max_size=1)))
def test_every_policy_denies_the_bucket_and_its_objects_without_tls(access):
    deny = bucket_policy("a-bucket", {"require": ["tls"], **access})["Statement"][0]

    assert deny["Effect"] == "Deny"
    assert deny["Action"] == "s3:*"
    assert deny["Resource"] == ["arn:aws:s3:::a-bucket", "arn:aws:s3:::a-bucket/*"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@SLOW
@given(st.lists(st.text(max_size=30), max_size=5))
def test_principals_are_arns_or_refused(drawn):
    try:
        arns = principal_arns(drawn, ACCOUNTS)
    except ValueError:
        return
    assert arns == sorted(set(arns))
    assert all(re.fullmatch(r"arn:aws:iam::\d{12}:(root|(role|user)/\S+)", arn) for arn in arns)
