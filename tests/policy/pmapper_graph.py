"""principalmapper's edges of one account, as JSON: [[from, to, how]]; who is an administrator comes as [who, "*", …].

    AWS_PROFILE=… python tests/policy/pmapper_graph.py

It reads the account itself, by botocore's own configuration, so by the endpoint of the profile.
"""

from __future__ import annotations

import collections
import collections.abc
import json

import botocore.session

collections.Mapping = collections.abc.Mapping  # principalmapper 1.1.5 is of a time when it was there
collections.MutableMapping = collections.abc.MutableMapping
from principalmapper.graphing import graph_actions

# Services of which the account has nothing are not asked.
graph = graph_actions.create_new_graph(botocore.session.get_session(), ["iam", "sts"])
edges = [[one.source.searchable_name(), one.destination.searchable_name(), one.short_reason] for one in graph.edges]
admins = [[node.searchable_name(), "*", "administrator"] for node in graph.nodes if node.is_admin]
print(json.dumps(edges + admins))
