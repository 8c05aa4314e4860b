"""Who can reach which role, drawn from left to right: people, groups and whoever comes from elsewhere, roles.

People of the same groups stand together. Solid lines are explicit grants, dotted ones implied by a broad policy, dashed
red ones have one side only. What most grants ask for is said once, below; a role's box says what differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.estate.evaluator.composed import Lives
from ansible.module_utils.estate.review import NO_WAY_IN, Review, svg
from ansible.module_utils.estate.review.outsiders import permission_set
from ansible.module_utils.estate.review.svg import GREY, INK, RED, SMALL, Box, Text

_LINES = ("#005689", "#6f2c91", "#00633f", "#6b4c00", "#a3125f", "#00615f", "#0b0c0c")
_PANELS = ("#eef4fa", "#eef7ee", "#fdf3ea", "#f5eef8", "#f0f0f0")
_PEOPLE, _GROUPS, _ROLES = (16.0, 320.0), (440.0, 220.0), (800.0, 270.0)  # where a column begins, and how wide it is
WIDE = 1190.0
_WHAT = {
    "user": "user in {account}",
    "identity center": "Identity Center, in {account}",
    "federated": "signs in elsewhere",
    "outside": "another account",
}
_GAP, _PAD = 10.0, 10.0

Grant = Mapping[str, Any]
Node = tuple[str, str, str]  # kind, account, name


def needs(grant: Grant) -> tuple[str, ...]:
    """The conditions of a line: what is one person's is not the group's."""
    return tuple(one for one in grant["conditions"] if not one.startswith("until the end of ") and one != NO_WAY_IN)


def _shown(name: str) -> str:
    return permission_set(name) or name


class Picture:
    def __init__(self, review: Review, lives: Lives, main: str) -> None:
        self.review, self.lives, self.main = review, lives, main
        self.users = {user["name"]: user for user in lives[main]["users"]}
        self.members: dict[str, set[str]] = {group["name"]: set() for group in lives[main]["groups"]}
        for user in self.users.values():
            for group in user["groups"]:
                self.members.setdefault(group, set()).add(user["name"])
        # A line from everybody to one group says less than a word.
        grouped = {user["name"] for user in self.users.values() if user["groups"]}
        self.everyone = [group for group in self.members if len(grouped) > 1 and self.members[group] >= grouped]
        # Whom a policy of their own gives something, or a role's trust.
        own = [one for one in review.grants if one["account"] == main and one["kind"] == "user"]
        self.alone = {one["who"] for one in own if one["through"] in (f"user {one['who']}", "the role's trust")}
        lost = [one["holder"] for one in review.dangling if one["account"] == main]
        self.alone |= {holder[5:] for holder in lost if holder.startswith("user ")}
        self.direct = [grant for grant in review.grants if not grant["via"]]
        self.into: dict[tuple[str, str], list[Grant]] = {}
        for grant in self.direct:
            self.into.setdefault((grant["role_account"], grant["role"]), []).append(grant)
        self.usual = {kind: self._most(kind) for kind in ("user", "role")}
        self.boxes: dict[Node, Box] = {}
        self.under: list[str] = []  # panels and their titles
        self.bottom = 0.0

    def _most(self, kind: str) -> tuple[str, ...]:
        asked = [needs(grant) for grant in self.direct if grant["kind"] == kind]
        return Counter(asked).most_common(1)[0][0] if asked else ()

    # --- columns ------------------------------------------------------------------------------------------------------

    def panel(
        self, column: tuple[float, float], y: float, head: list[Text], nodes: list[tuple[Node, Box]], colour: str
    ) -> float:
        """A panel with boxes below each other; what is below it."""
        x, w = column
        top = y + _PAD + len(head) * svg.LINE + 6
        for node, one in nodes:
            self.boxes[node] = one._replace(x=x, y=top, w=w)
            top += one.h + _GAP
        self.under.append(svg.panel(x - _PAD, y, w + 2 * _PAD, top - y, colour))
        for place, said in enumerate(head):
            root = said.words.startswith("root:")
            at = y + _PAD + 10 + place * svg.LINE
            self.under += [svg.crown(x, at - 11, said.colour)] if root else []
            self.under.append(svg.text(x + (22 if root else 0), at, said))
        self.bottom = max(self.bottom, top)
        return top + _GAP

    def key(self, name: str) -> tuple[str, ...]:
        """Where a person stands: with those in the same groups, alone if a policy of their own gives something."""
        groups = tuple(sorted(set(self.users[name]["groups"]) - set(self.everyone)))
        groups = groups or tuple(self.users[name]["groups"])  # nowhere else than everybody
        return (*groups, f"user {name}") if name in self.alone else groups

    def blocks(self) -> dict[tuple[str, ...], list[str]]:
        found: dict[tuple[str, ...], list[str]] = {}
        for name in sorted(self.users):
            found.setdefault(self.key(name), []).append(name)
        return dict(sorted(found.items(), key=lambda item: (not item[0], item[0])))

    def people(self, y: float) -> None:
        x, w = _PEOPLE
        nodes = []
        for key, names in self.blocks().items():
            groups = [group for group in key if not group.startswith("user ")]
            title = f"{len(names)} in {', '.join(groups)}" if groups else f"{len(names)} in no group"
            longest = max(svg.width(name) for name in names)
            rows: list[list[Text]] = [[line] for line in svg.wrapped(title, w - 14, GREY, SMALL)]
            if len(names) > 3 and longest <= (w - 14) / 2 - 6:  # in two columns
                high = -(-len(names) // 2)
                rows += [[*map(Text, names[row::high]), Text("")][:2] for row in range(high)]
            else:
                rows += [[line] for name in names for line in svg.wrapped(name, w - 14)]
            nodes.append((("people", self.main, "/".join(key)), Box(x, 0, w, rows)))
        self.panel(_PEOPLE, y, [Text(f"{len(self.users)} people in {self.main}", bold=True)], nodes, "#f3f2f1")

    def groups(self, y: float) -> None:
        order = list(self.blocks())
        member_of = {group: [place for place, key in enumerate(order) if group in key] for group in self.members}
        nodes = []
        for group in sorted(self.members, key=lambda g: (sum(member_of[g]) / max(1, len(member_of[g])), g)):
            count = len(self.members[group])
            said = f"{count} {'person' if count == 1 else 'people'}"
            if group in self.everyone:
                outside = len(self.users) - count
                said = f"all people but {outside}" if outside else "all people"
            nodes.append((("group", self.main, group), self._box(group, [Text(said, GREY, SMALL)])))
        y = self.panel(_GROUPS, y, [Text(f"groups in {self.main}", bold=True)], nodes, _PANELS[0])
        strangers = {self._start(grant): grant for grant in self.direct if self._start(grant)[0] == "stranger"}
        lost = {(one["account"], one["holder"]) for one in self.review.dangling if self._holder(one)[0] == "stranger"}
        outside_nodes = []
        for node, grant in sorted(strangers.items()):
            what = Text(_WHAT.get(grant["kind"], str(grant["kind"])).format(**grant), GREY, SMALL)
            edge = RED if grant["kind"] == "anyone" else INK
            outside_nodes.append((node, self._box(_shown(grant["who"]), [what], edge=edge)))
        outside_nodes += [
            (node, self._box(holder, [Text(f"of {account}, not there", RED, SMALL)], edge=RED, dashed=True))
            for account, holder in sorted(lost)
            if (node := ("stranger", account, holder)) not in strangers
        ]
        if outside_nodes:
            self.panel(_GROUPS, y, [Text("from elsewhere", bold=True)], outside_nodes, "#f3f2f1")

    def _box(self, name: str, more: list[Text], *, edge: str = INK, dashed: bool = False, column: Any = _GROUPS) -> Box:
        lines = [*svg.wrapped(name, column[1] - 14, edge if edge == RED else INK), *more]
        return Box(column[0], 0, column[1], [[line] for line in lines], edge, dashed, column is _ROLES)

    def roles(self, y: float) -> None:
        of = self.review
        every = (*of.grants, *of.dangling, *of.outsiders, *of.unreachable)
        shown = {(one["role_account"], one["role"]) for one in every}
        shown |= {(grant["account"], grant["who"]) for grant in self.direct if grant["kind"] == "role"}
        shown |= {(account, name) for kind, account, name in map(self._holder, of.dangling) if kind == "role"}
        known = {(account, role["name"]) for account, live in self.lives.items() for role in live["roles"]}
        lost = {(one["role_account"], one["role"]) for one in of.unreachable}
        for place, account in enumerate(self.lives):
            nodes = []
            ours = (role for there, role in shown if there == account and not role.startswith("AWSReservedSSO_"))
            for name in sorted(ours):
                there = (account, name) in known
                wrong = (("nobody reaches it", (account, name) in lost), ("not there", not there))
                said = [*self._words(account, name), *(Text(said, RED, SMALL) for said, is_so in wrong if is_so)]
                made = self._box(name, said, edge=INK if there else RED, dashed=not there, column=_ROLES)
                nodes.append((("role", account, name), made))
            head = [Text(f"{account} {self.lives[account]['account_id']}", bold=True), self._root(account)]
            y = self.panel(
                _ROLES, y, head + ([] if nodes else [Text("no roles", GREY)]), nodes, _PANELS[(place + 1) % 5]
            )

    def _root(self, account: str) -> Text:
        root = self.lives[account]["credentials"]["root"]
        open_ = not root["mfa"] and root.get("password", True)
        wrong = [said for said, bad in (("has keys", root["keys"]), ("no MFA", open_)) if bad]
        fine = "no keys, MFA" if root["mfa"] else "no keys, no password"
        return Text(f"root: {', '.join(wrong) or fine}", RED if wrong else GREY, SMALL)

    def _words(self, account: str, role: str) -> list[Text]:
        """What AWS service a role is for, and what a way in asks for where that is not the usual."""
        here = [one for one in self.review.outsiders if (one["role_account"], one["role"]) == (account, role)]
        said = [f"for {one['names']}" for one in here if one["kind"] == "service"]
        ways: dict[str, set[tuple[str, ...]]] = {}
        for grant in self.into.get((account, role), ()):
            start = grant["through"].removeprefix("group ") if grant["kind"] == "user" else _shown(grant["who"])
            usual = self.usual["role" if grant["kind"] == "role" else "user"]
            if needs(grant) != usual or grant["kind"] in ("federated", "outside", "anyone"):
                ways.setdefault(start, set()).add(needs(grant))
        for start, sets in sorted(ways.items()):
            alternatives = " or ".join(sorted("; ".join(one) or "always" for one in sets))
            said.append(f"{start}: {alternatives}")
        return [line for one in dict.fromkeys(said) for line in svg.wrapped(one, _ROLES[1] - 14, GREY, SMALL)]

    # --- lines --------------------------------------------------------------------------------------------------------

    def _start(self, grant: Grant) -> Node:
        """Where a grant's line begins: at the group, the role, the person whose own policy it is, or elsewhere."""
        if grant["kind"] == "user" and grant["account"] == self.main:
            if grant["through"].startswith("group "):
                return ("group", self.main, grant["through"][6:])
            return ("people", self.main, "/".join(self.key(grant["who"])))
        if grant["kind"] == "role":
            return ("role", grant["account"], grant["who"])
        return ("stranger", grant["account"], grant["who"])

    def _holder(self, one: Mapping[str, Any]) -> Node:
        kind, _, name = one["holder"].partition(" ")
        if one["account"] == self.main and kind == "group" and name in self.members:
            return ("group", self.main, name)
        if one["account"] == self.main and kind == "user" and name in self.users:
            return ("people", self.main, "/".join(self.key(name)))
        live = self.lives.get(one["account"], {"roles": []})
        if kind == "role" and name in {role["name"] for role in live["roles"]}:
            return ("role", one["account"], name)
        return ("stranger", one["account"], one["holder"])

    def lines(self) -> list[str]:
        found: dict[tuple[Node, Node, str], set[str]] = {}
        for key in self.blocks():
            for group in (part for part in key if part in self.members):
                found[("people", self.main, "/".join(key)), ("group", self.main, group), "member"] = {"is in the group"}
        for grant in self.direct:
            style = "solid" if grant["explicit"] else "dotted"
            line = (self._start(grant), ("role", grant["role_account"], grant["role"]), style)
            found.setdefault(line, set()).add("; ".join(needs(grant)) or "always")
        for one in self.review.dangling:
            line = (self._holder(one), ("role", one["role_account"], one["role"]), "dashed")
            found.setdefault(line, set()).add(one["why"])
        starts = {start: place for place, start in enumerate(dict.fromkeys(line[0] for line in found))}
        drawn = []
        for (start, end, style), said in found.items():
            if start not in self.boxes or end not in self.boxes:
                continue  # a role of Identity Center's that another may take on: the table has it
            begin, stop = self.boxes[start], self.boxes[end]
            colour = {"member": GREY, "dashed": RED}.get(style, _LINES[starts[start] % len(_LINES)])
            to = stop.right if begin.x == stop.x else stop.left
            title = " or ".join(sorted(said))
            drawn.append(svg.curve(begin.right, to, colour, style, title))
        return drawn

    def legend(self, y: float) -> list[str]:
        samples = (
            ("solid", _LINES[0], "explicit: a policy names the role"),
            ("dotted", _LINES[0], "implied by a broad policy"),
            ("dashed", RED, "one side only: nobody gets in"),
            ("member", GREY, "is in the group"),
        )
        out = []
        for place, (style, colour, said) in enumerate(samples):
            at = y + place * svg.LINE
            out.append(svg.curve((16, at - 4), (66, at - 4), colour, style, said))
            out.append(svg.text(76, at, Text(said)))
        for place, (kind, people) in enumerate((("user", "people"), ("role", "roles"))):
            said = f"{people} usually need: {'; '.join(self.usual[kind]) or 'nothing more'}"
            lines = svg.wrapped(said, WIDE - _GROUPS[0] - 20)
            out += [svg.text(_GROUPS[0], y + (2 * place + row) * svg.LINE, line) for row, line in enumerate(lines[:2])]
        return out

    def draw(self, title: str) -> str:
        self.people(16)
        self.groups(16)
        self.roles(16)
        lines = self.lines()
        markers = "".join(svg.marker(colour) for colour in dict.fromkeys((*_LINES, RED, GREY)))
        parts = [f"<defs>{markers}</defs>", *self.under, *lines, *map(svg.box, self.boxes.values())]
        parts += self.legend(self.bottom + 30)
        return svg.page(WIDE, self.bottom + 110, title, description(self.review), parts)


def description(review: Review) -> str:
    people: dict[str, set[str]] = {}
    for grant in review.grants:
        if grant["kind"] == "user":
            people.setdefault(f"{grant['role_account']}:{grant['role']}", set()).add(grant["who"])
    said = [f"{len(who)} reach {role}" for role, who in sorted(people.items())]
    dangling = len(review.dangling)
    return (
        "People of the main account, the groups they are in, and the roles that these give in each account. "
        f"{'; '.join(said) or 'Nobody reaches any role'}. "
        f"{dangling or 'No'} grant{'' if dangling == 1 else 's'} with one side only. "
        "The same is in the table access.csv."
    )


def picture(review: Review, lives: Lives, main: str, title: str) -> str:
    """The picture as SVG."""
    return Picture(review, lives, main).draw(title)
