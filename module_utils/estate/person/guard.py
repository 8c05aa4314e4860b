"""Why a person must not be let in or off, one sentence each. No Ansible, no boto3, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.estate.errors import nearest
from ansible.module_utils.estate.person.plan import Person, still_open


def letting_in(name: str, live: Person | None, groups: Iterable[str], there: Iterable[str]) -> list[str]:
    if live and live.name != name:
        return [f"the user is called {live.name}, not {name}: write it as it is"]
    return [f"group {group} is not there: converge access first" for group in sorted(set(groups) - set(there))]


def letting_off(
    params: Mapping[str, Any],
    live: Person | None,
    caller: str,
    admins: Mapping[str, Iterable[str]],
    users: Iterable[str],
) -> list[str]:
    """params are dm_person's; admins the members of each protected group that can really sign in, users all users.

    users are empty where the user is known to have been there: then there is something left to clean up.
    """
    name, found = params["name"], []
    if live and live.name != name:
        return [f"the user is called {live.name}, not {name}: write it as it is"]
    if live is None and (users := list(users)):
        return [f"there is no user {name}{nearest(name, users)}"]
    kind, _, rest = caller.split(":", 5)[5].partition("/")
    if rest.rsplit("/", 1)[-1].lower() == name.lower():
        found.append(f"{name} is who runs this ({kind} {rest}): ask somebody else to do it")
    if params["listed"] and not params["still_listed"]:
        found.append(
            f"{name} is still in {', '.join(params['listed'])} of {params['people_file']}: take the name out first, "
            "or disable at once with -e still_listed=true and take it out then, before anybody converges access"
        )
    for group, members in admins.items():
        rest_of = sorted(set(members) - {name})
        if live is None or group not in live.groups or len(rest_of) > 1:
            continue
        if not rest_of:
            found.append(f"{name} is the last one in {group} who can sign in: somebody else must be able to first")
        elif name in members and group not in params["confirmed"]:
            found.append(
                f"{rest_of[0]} alone would be left in {group} who can sign in: let another one enrol first, "
                f"or confirm it with -e access_confirmed={group}"
            )
    if live and params["state"] == "absent" and (still := still_open(live)):
        found.append(f"{name} is not disabled yet ({'; '.join(still)}): run it without delete=true first")
    return found
