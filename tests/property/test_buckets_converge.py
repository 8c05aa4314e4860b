"""A plan for buckets, carried out on a model of S3 that refuses wrong order, reaches what is declared, then rests."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import botocore.loaders
import pytest
from ansible.module_utils.estate.buckets.check import mistakes
from ansible.module_utils.estate.buckets.live import Live
from ansible.module_utils.estate.buckets.plan import plan
from ansible.module_utils.estate.buckets.read import read
from ansible.module_utils.estate.buckets.settings import BY_NAME
from ansible.module_utils.estate.buckets.settings.replication import hides
from ansible.module_utils.estate.call import call
from ansible.module_utils.estate.plan import Action, Plan, carry_out
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from s3_model import Account

# Other work on the machine is no fault of what is judged.
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/replication"
# Two regions, so that everything may replicate to something and log to something.
REGIONS = {
    "shop-logs": "eu-west-1",
    "shop-documents": "eu-west-1",
    "shop-drafts": "eu-west-1",
    "shop-replica": "eu-west-2",
    "shop-replica-logs": "eu-west-2",
    "shop-archive": "us-east-1",
}
LOGS = {"eu-west-1": "shop-logs", "eu-west-2": "shop-replica-logs"}
POOL = ThreadPoolExecutor(4)

words = st.sampled_from(["a", "b", "c/d"])
tags = st.dictionaries(st.sampled_from(["Stage", "Kind"]), words, max_size=2)


def optional(**options: st.SearchStrategy) -> st.SearchStrategy[dict[str, Any]]:
    """Each option may be left out, as in vars."""
    return st.fixed_dictionaries({}, optional=options)


def rules(rule: st.SearchStrategy) -> st.SearchStrategy[list]:
    """Up to two, with ids of their own."""
    return st.lists(rule, max_size=2).map(
        lambda found: [{"id": f"rule{index}", **one} for index, one in enumerate(found)]
    )


def with_role(role: dict | None) -> dict | None:
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": role and role["action"], "Resource": "*"}
    return role and {
        "name": "replication",
        "path": "/",
        "trust": {"Version": "2012-10-17", "Statement": [statement]},
        "policy_name": "replication-shop",
        "policy": {"Version": "2012-10-17", "Statement": [allow]},
    }


def policy(name: str, sids: list[str], logs: bool, role: bool) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{name}"
    found = [
        {
            "Sid": sid,
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": [arn, f"{arn}/*"],
        }
        for sid in sids
    ]
    allow = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{arn}/*"}
    if logs:
        found.append({"Sid": "Logs", "Principal": {"Service": "logging.s3.amazonaws.com"}, **allow})
    if role:
        found.append({"Sid": "Role", "Principal": {"AWS": ROLE}, **allow})
    return {"Version": "2012-10-17", "Statement": found} if found else {}


lifecycle_rule = st.fixed_dictionaries(
    {"noncurrent_days": st.integers(1, 3)}, optional={"prefix": words, "tags": tags, "expire_days": st.integers(1, 3)}
)
cors_rule = st.fixed_dictionaries(
    {"origins": st.just(["https://shop.example"]), "methods": st.sampled_from([["GET"], ["PUT", "GET"]])},
    optional={"max_age": st.integers(0, 9), "headers": st.just(["*"])},
)


def told(region: str) -> st.SearchStrategy[list]:
    """Topics of the region, each of another event: S3 tells one target of each."""
    events = [["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"], ["s3:ObjectRemoved:*"]]
    target = st.fixed_dictionaries(
        {"arn": st.just(f"arn:aws:sns:{region}:{ACCOUNT}:shop")}, optional={"prefix": words, "suffix": words}
    )
    return rules(target).map(
        lambda found: [{**one, "events": list(of)} for one, of in zip(found, events, strict=False)]
    )


@st.composite
def buckets(draw: st.DrawFn, name: str) -> dict[str, Any]:
    bucket = draw(
        optional(
            versioning=st.booleans(),
            mfa_delete=st.booleans(),
            encryption=st.sampled_from(
                [
                    {"algorithm": "AES256"},
                    {"algorithm": "aws:kms", "key": f"arn:aws:kms:{REGIONS[name]}:111111111111:key/a"},
                ]
            ),
            public_access_block=st.booleans(),
            ownership=st.sampled_from(["BucketOwnerEnforced", "ObjectWriter"]),
            keep_statements=st.booleans(),
            lifecycle=rules(lifecycle_rule),
            keep_lifecycle_rules=st.booleans(),
            tags=tags,
            cors=rules(cors_rule),
            notifications=optional(topics=told(REGIONS[name]), event_bridge=st.booleans()),
        )
    )
    bucket |= {"name": name, "region": REGIONS[name]}
    if name in LOGS.values():
        bucket["encryption"] = {"algorithm": "AES256"}
        bucket["policy"] = policy(name, draw(st.lists(st.sampled_from("AB"), unique=True)), True, False)
    else:
        if draw(st.booleans()):
            sids = draw(st.lists(st.sampled_from("AB"), unique=True))
            bucket["policy"] = policy(name, sids, False, draw(st.booleans()))
        if bucket["region"] in LOGS and draw(st.booleans()):
            bucket["logging"] = draw(
                st.sampled_from(
                    [{}, {"bucket": LOGS[bucket["region"]]}, {"bucket": LOGS[bucket["region"]], "prefix": "x/"}]
                )
            )
    if bucket.get("mfa_delete"):
        bucket.pop("lifecycle", None)
    if bucket.get("versioning") and name not in LOGS.values() and draw(st.booleans()):
        bucket["object_lock"] = draw(st.sampled_from([{}, {"mode": "GOVERNANCE", "days": 3}]))
    return bucket


@st.composite
def declarations(draw: st.DrawFn) -> dict[str, Any]:
    """A valid declaration: some of the buckets, in any order, some replicating to another one (also to each other)."""
    names = draw(st.permutations(sorted(REGIONS)))
    found = {name: draw(buckets(name)) for name in names if name in LOGS.values() or draw(st.booleans())}
    for name, bucket in found.items():
        elsewhere = [other for other in found if REGIONS[other] != REGIONS[name]]
        choice = draw(st.sampled_from(["none", "leave", "replicate"]))
        if choice == "none":
            bucket["replication"] = {"rules": []}
        elif choice == "replicate" and elsewhere:
            targets = draw(st.lists(st.sampled_from(elsewhere), min_size=1, max_size=2))
            rules = [
                {"id": f"rule{i}", "priority": i, "bucket": other, **draw(rule)} for i, other in enumerate(targets)
            ]
            rules = [one for one in rules if not any(hides(other, one) for other in rules)]  # it would be refused
            if draw(st.booleans()) or (bucket.get("encryption") or {}).get("algorithm", "AES256") != "AES256":
                rules = [
                    {**one, "kms_key": f"arn:aws:kms:{REGIONS[one['bucket']]}:111111111111:key/b"} for one in rules
                ]
            bucket["replication"] = {"role": ROLE, "rules": rules}
            bucket.pop("object_lock", None)  # or each copy needs one, and so the copies of those
            for one in (name, *targets):
                found[one]["versioning"] = True
    declared = {"account": "shop", "buckets": list(found.values()), "unmanaged_pattern": "shop-*"}
    declared["replication_role"] = with_role({"action": draw(st.sampled_from(["s3:*", "s3:Replicate*"]))})
    assert mistakes(declared, set(REGIONS.values())) == []
    return declared


rule = (
    optional(
        prefix=words,
        delete_markers=st.booleans(),
        metrics=st.booleans(),
        storage_class=st.sampled_from(["STANDARD_IA", "GLACIER"]),
    )
    | st.just({"tags": {"Kind": "a", "Stage": "b"}})
    | st.just({"metrics": True, "replication_time_control": True})
)


def seen(account: Account, declared: dict[str, Any]) -> Live:
    clients = {(service, region): account for service in ("s3", "iam") for region in REGIONS.values()}
    return read(declared, clients, "eu-west-1", POOL)


def look(account: Account, declared: dict[str, Any]) -> Plan:
    return plan(declared, seen(account, declared))


def run(account: Account, actions: list[Action]) -> None:
    """One after the other, in the order given; anything that the model refuses is an error."""
    for action in actions:
        getattr(account, action.method.split(".")[1])(**action.params)


foreign_rule = {
    "ID": "foreign",
    "Status": "Enabled",
    "Prefix": "old/",
    "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}],
}
foreign_statement = {"Sid": "Foreign", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
drifts = st.lists(
    st.tuples(
        st.sampled_from(sorted(REGIONS)),
        st.sampled_from(
            [
                ("versioning", {"Status": "Enabled", "MFADelete": "Enabled"}),
                ("encryption", None),
                ("public_access_block", {"BlockPublicAcls": True}),
                (
                    "policy",
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {"Sid": "Foreign", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
                        ],
                    },
                ),
                ("lifecycle", [foreign_rule]),
                ("tags", [{"Key": "aws:stack", "Value": "x"}, {"Key": "Other", "Value": "y"}]),
                ("ownership", None),
                (
                    "acl",
                    [{"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}],
                ),
                ("cors", [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]),
                ("notifications", {"EventBridgeConfiguration": {}}),
            ]
        ),
    ),
    max_size=4,
)


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """Empty, or as an earlier declaration left it, and then changed by hand."""
    account = Account(ACCOUNT)
    if draw(st.booleans()):
        run(account, look(account, draw(declarations())).actions)
        for name, (setting, document) in draw(drifts):
            if name in account.buckets:
                found = account.buckets[name]["settings"]
                if document is None:
                    found.pop(setting, None)
                elif setting != "lifecycle" or "MFADelete" not in found.get("versioning", {}):
                    found[setting] = copy.deepcopy(document)
                if "acl" in found:  # S3 takes no ACL where it does not count
                    found["ownership"] = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
                if "MFADelete" in found.get("versioning", {}):
                    found.pop("lifecycle", None)
        if draw(st.booleans()):
            account.roles["replication"]["policies"]["another"] = {"Statement": []}
    return account


def left_alone(account: Account, declared: dict[str, Any]) -> Any:
    """The state that the declaration does not speak of."""
    spoken = {bucket["name"]: bucket for bucket in declared["buckets"]}
    found, roles = account.state()
    for name, bucket in found.items():
        for setting in [s for s in bucket["settings"] if spoken.get(name, {}).get(s) is not None]:
            del bucket["settings"][setting]
        if spoken.get(name, {}).get("ownership") is not None:
            bucket["settings"].pop("acl", None)
    for role in roles.values():
        role["policies"].pop("replication-shop", None)
        role.pop("trust")
    return found, roles


@SLOW
@given(account=accounts(), declared=declarations())
def test_a_plan_carried_out_in_order_reaches_the_wanted_state_and_then_rests(account, declared):
    made = look(account, declared)
    before = left_alone(account, declared)
    known = set(account.buckets)

    run(account, made.actions)

    after = look(account, declared)
    assert list(after.actions) == []
    assert list(after.diff) == []
    assert after.left_out == made.left_out
    kept, roles = left_alone(account, declared)
    assert {name: kept[name] for name in known} == before[0]
    assert {name: roles[name] for name in before[1]} == before[1]


@SLOW
@given(account=accounts(), declared=declarations(), workers=st.integers(1, 4))
def test_side_by_side_nothing_is_refused_either(account, declared, workers):
    actions = look(account, declared).actions

    outcomes = carry_out(actions, lambda action: call(action, account, sleep=pytest.fail), str, workers)

    assert [one for one in outcomes if one.status != "done"] == []
    assert look(account, declared).actions == []


@SLOW
@given(account=accounts(), declared=declarations(), data=st.data())
def test_cut_off_anywhere_the_next_run_finishes(account, declared, data):
    actions = look(account, declared).actions
    whole = copy.deepcopy(account.__dict__)
    run(account, actions)
    reached = account.state()

    again = Account(ACCOUNT)
    again.__dict__.update(whole)
    run(again, actions[: data.draw(st.integers(0, len(actions)))])
    run(again, look(again, declared).actions)

    assert again.state() == reached
    assert look(again, declared).actions == []


@SLOW
@given(account=accounts(), declared=declarations())
def test_the_diff_tells_what_then_is(account, declared):
    made = look(account, declared)
    run(account, made.actions)
    headers = {f"bucket {bucket['name']}": bucket for bucket in declared["buckets"]}
    there = seen(account, declared)
    for entry in made.diff:
        assert entry["before"] != entry["after"]
        bucket = headers.get(entry["after_header"])
        if bucket:
            answers = there.buckets[bucket["name"]].answers
            assert entry["after"].pop("region") == bucket["region"]
            for name, shown in entry["after"].items():
                assert BY_NAME[name].show(BY_NAME[name].live(answers[name])) == shown


MODELS = {
    service: ServiceModel(botocore.loaders.create_loader().load_service_model(service, "service-2"))
    for service in ("s3", "iam")
}


@SLOW
@given(account=accounts(), declared=declarations())
def test_every_call_is_one_that_boto3_knows(account, declared):
    """The module switches botocore's own validation off."""
    for action in look(account, declared).actions:
        service, method = action.method.split(".")
        operation = "".join(word.capitalize() for word in method.split("_"))
        shape = MODELS[service].operation_model(operation).input_shape
        assert ParamValidator().validate(action.params, shape).generate_report() == ""


@SLOW
@given(account=accounts(), declared=declarations())
def test_planning_reads_only_and_says_the_same_again(account, declared):
    state = account.state()
    account.calls.clear()

    made = look(account, declared)

    assert account.writes == []
    assert account.state() == state
    assert look(account, declared).digest == made.digest


@SLOW
@given(account=accounts(), declared=declarations())
def test_no_more_is_read_than_is_declared(account, declared):
    account.calls.clear()
    look(account, declared)
    ours = {
        bucket["name"] for bucket in declared["buckets"]
    }  # of others everything is read, so that they can be adopted
    gets = [call for call in account.calls if call[1].get("Bucket") in ours and call[0] != "head_bucket"]
    heads = [call for call in account.calls if call[0] == "head_bucket"]

    assert len(heads) == len([b for b in declared["buckets"] if b["name"] not in account.buckets])
    allowed = 0
    for bucket in declared["buckets"]:
        if bucket["name"] in account.buckets:
            needed = {name for name in BY_NAME if bucket.get(name) is not None}
            needed |= {"versioning"} if "mfa_delete" in bucket or bucket.get("lifecycle") else set()
            needed |= {"replication"} if bucket.get("versioning") is False else set()
            allowed += len(needed)
            rules = account.buckets[bucket["name"]]["settings"].get("ownership", {}).get("Rules") or [{}]
            if bucket.get("ownership") == "BucketOwnerEnforced" != rules[0].get("ObjectOwnership"):
                allowed += 1  # the ACL
    assert len(gets) == allowed
