#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_monitoring
short_description: Make a place's logs, filters, alarms, topics, dashboards and trails exist as declared
description:
  - Reads what is live of every kind that is given, in as few calls as AWS allows, and changes what differs.
  - Nothing is deleted because it is missing here; it is reported with the vars to paste to adopt it.
  - What a topic's endpoint has still to confirm is a note that says who must click.
  - Follows U(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html),
    U(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html),
    U(https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html) and
    U(https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html).
options:
  purpose:
    description: What the plan is called.
    type: str
    default: monitoring
  account_id:
    description: The account's id.
    type: str
    required: true
  keys:
    description: KMS keys, by their aliases.
    type: list
    elements: dict
    suboptions:
      name: {description: The alias., type: str, required: true}
      policy: {description: Who may use it, a policy document., type: dict, required: true}
      rotated: {description: Whether it is renewed each year., type: bool, default: true}
  log_groups:
    description: Log groups.
    type: list
    elements: dict
    suboptions:
      name: {description: Its name., type: str, required: true}
      days: {description: Days that events are kept; C(0) for ever., type: int, required: true}
      key: {description: Alias of the KMS key. Left out, the group's key stays as it is., type: str}
  filters:
    description: Metric filters.
    type: list
    elements: dict
    suboptions:
      name: {description: Its name., type: str, required: true}
      group: {description: The log group., type: str, required: true}
      pattern: {description: Which events., type: str, required: true}
      namespace: {description: Where the metric is., type: str, required: true}
      metric: {description: The metric., type: str, required: true}
      value: {description: What each event adds; a number or a property such as C($.bytes)., type: str, required: true}
      default: {description: What a minute with other events only adds., type: float}
  queues:
    description: Queues that a topic tells, for proofs to look into.
    type: list
    elements: dict
    suboptions:
      name: {description: Its name., type: str, required: true}
      topic: {description: The topic that may send to it., type: str, required: true}
  topics:
    description: SNS topics.
    type: list
    elements: dict
    suboptions:
      name: {description: Its name., type: str, required: true}
      policy: {description: Who may publish, a policy document., type: dict, required: true}
      attributes: {description: Further attributes by AWS's names., type: dict, default: {}}
      subscriptions:
        description: Who is told, by C(protocol) and C(endpoint); C(filter) is a policy on the message's body.
        type: list
        elements: dict
        required: true
  alarms:
    description: Alarms on one metric each.
    type: list
    elements: dict
    suboptions:
      name: {description: Its name., type: str, required: true}
      about: {description: What somebody reads who is woken by it., type: str, required: true}
      namespace: {description: Where the metric is., type: str, required: true}
      metric: {description: The metric., type: str, required: true}
      dimensions: {description: Which of that name., type: dict, default: {}}
      statistic: {description: "C(Sum), C(Maximum), C(p99) …", type: str, default: Sum}
      period: {description: Seconds of one point., type: int, default: 300}
      periods: {description: Points that are looked at., type: int, default: 1}
      datapoints: {description: How many of them must be too much., type: int, required: true}
      comparison:
        description: How a point compares with the threshold.
        type: str
        choices: [">=", ">", "<=", "<"]
        default: ">="
      threshold: {description: What is too much., type: float, required: true}
      missing:
        description: What a missing point means.
        type: str
        choices: [missing, ignore, breaching, notBreaching]
        default: missing
      alarm: {description: Topics that are told when it goes off., type: list, elements: str, required: true}
      recovery: {description: Topics that are told when it is over., type: list, elements: str, default: []}
      enabled: {description: That it tells anybody., type: bool, choices: [true], default: true}
      of_each:
        description: One alarm for each certificate of ACM that is there, its domain in the name.
        type: str
        choices: [certificate]
  dashboards:
    description: Dashboards.
    type: list
    elements: dict
    suboptions:
      name: {description: Its name., type: str, required: true}
      body: {description: "What it shows, in CloudWatch's own structure.", type: dict, required: true}
  trails:
    description: Trails. Each is started.
    type: list
    elements: dict
    suboptions:
      name: {description: Its name., type: str, required: true}
      bucket: {description: Where its files go., type: str, required: true}
      prefix: {description: What their names begin with., type: str, default: ""}
      group: {description: Log group that its events go to., type: str, default: ""}
      role: {description: Role by which they do., type: str, default: ""}
      key: {description: Alias of the KMS key., type: str, default: ""}
      multi_region: {description: Whether it logs every region., type: bool, default: true}
      global_events: {description: "Whether it logs IAM, STS and CloudFront.", type: bool, default: true}
      validated: {description: Whether digests are written., type: bool, default: true}
      management:
        description: That it logs all that is done to the account, which is always wanted.
        type: bool
        choices: [true]
        default: true
      logging: {description: "That it logs, which is always wanted.", type: bool, choices: [true], default: true}
  passwords:
    description: By topic, what stands for C(****) in the endpoints that it tells. SNS never shows it again.
    type: dict
    default: {}
  shorter:
    description: Names whose retention may become shorter in this run, or whose trail may log less.
    type: list
    elements: str
    default: []
  known:
    description: Names or shell wildcards of what others declare, and so not unmanaged.
    type: list
    elements: str
    default: []
  unmanaged_pattern:
    description: Shell wildcard; what is live, matches, and is neither declared nor known is reported.
    type: str
    default: ""
  adopt_in:
    description: The file that unmanaged things would be declared in, under C(monitoring_extra).
    type: str
    default: ""
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Tell of errors
  dm_monitoring:
    account: preview
    account_id: "222222222222"
    log_groups: [{name: preview-api-nginx, days: 180}]
    filters:
      - {name: preview-api-5xx, group: preview-api-nginx, pattern: '{ $.status = "5*" }', namespace: Requests,
         metric: preview-api-5xx, value: "1", default: 0}
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
"""

from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.monitoring.guard import refusals
from ansible.module_utils.estate.monitoring.kinds.topic import SECRET, secret
from ansible.module_utils.estate.monitoring.plan import plan
from ansible.module_utils.estate.monitoring.read import read
from ansible.module_utils.estate.plan import Ref
from ansible.module_utils.estate.run import estate_module, run

WORKERS = 16


def main() -> None:
    module = estate_module(DOCUMENTATION, secret=["passwords"])
    declared = module.params
    clients = Clients(module, workers=WORKERS, validate=False)
    region = clients.region or "eu-west-1"
    live = clients.ask(lambda: read(declared, clients, region, WORKERS), "Cannot read the monitoring")
    known = {Ref("account", "id"): declared["account_id"]} | {
        secret(topic["name"], one["endpoint"]): one["endpoint"].replace(SECRET, declared["passwords"][topic["name"]], 1)
        for topic in declared["topics"] or []
        for one in topic["subscriptions"]
        if topic["name"] in declared["passwords"]
    }
    run(module, plan(declared, live), clients.call, refusals(declared, live), known=known, workers=WORKERS)


if __name__ == "__main__":
    main()
