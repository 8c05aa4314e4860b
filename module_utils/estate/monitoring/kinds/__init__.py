"""Every kind, in an order that also works one after the other."""

from __future__ import annotations

from ansible.module_utils.estate.monitoring.kinds import (
    alarm,
    dashboard,
    key,
    log_group,
    metric_filter,
    queue,
    topic,
    trail,
)

KINDS = (key.KIND, log_group.KIND, metric_filter.KIND, queue.KIND, topic.KIND, alarm.KIND, dashboard.KIND, trail.KIND)
BY_OPTION = {kind.option: kind for kind in KINDS}
