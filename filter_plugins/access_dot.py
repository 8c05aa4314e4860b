from __future__ import annotations

import html
import itertools
import math
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: access_dot
short_description: Draw who can reach which role, as a graph in DOT
description:
  - People of the main account, its groups, and the roles of each account, from left to right. People who are in the
    same groups stand together. Solid lines are explicit grants, dotted ones implied by a broad policy; a dashed red
    line is a grant with one side only.
  - The conditions that most grants have stand in the legend; a line says what differs from them.
  - C(dot -Tsvg) makes the picture, P(access_svg#filter) makes it accessible.
options:
  _input:
    description: What P(access_grants#filter) returned.
    type: dict
    required: true
  lives:
    description: What RV(dm_access_info#module:access) is for each account, by the account's name.
    type: dict
    required: true
  main:
    description: The account of all people.
    type: str
    default: main
positional: lives, main
"""
EXAMPLES = r"""
- name: Draw who may get where
  ansible.builtin.copy:
    content: "{{ __access_review_grants | access_dot(__access_review_live) }}"
    dest: build/access.dot
    mode: "0644"
"""
RETURN = r"""
_value:
  description: The graph in DOT.
  type: str
"""

# Each meets 4.5:1 on every background here; no meaning hangs on colour alone (lines also differ in their dashes).
_INK = "#0b0c0c"
_GREY = "#626a6e"
_BLUE = "#005689"
_RED = "#b10e1e"
# Lines from different groups, so that the eye can follow one.
_LINES = ("#005689", "#6f2c91", "#00633f", "#6b4c00", "#a3125f", "#00615f", "#0b0c0c")
_ACCOUNTS = ("#eef4fa", "#eef7ee", "#fdf3ea", "#f5eef8", "#f0f0f0")
_FONT = "Arial"  # every system has a font of its widths, so that text fits the boxes that dot makes for it
_COLUMN = 8  # names in a column, before a second one begins


def _id(*parts: str) -> str:
    return '"' + "/".join(parts).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(text: str) -> str:
    """For an HTML-like label: a single quote needs no escape there, and dot knows no name for it."""
    return html.escape(text, quote=False).replace('"', "&quot;")


def _attributes(**given: str) -> str:
    written = []
    for key, value in given.items():
        quoted = value if value.startswith("<") else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        written.append(f"{key}={quoted}")
    return f"[{' '.join(written)}]"


def _needs(grant: Mapping[str, Any]) -> tuple[str, ...]:
    """The conditions of a line: the end of one person's membership is not the group's."""
    return tuple(need for need in grant["conditions"] if not need.startswith("until the end of "))


def _block(title: str, names: list[str]) -> str:
    """A box of people: as many columns as keep it about as high as the others."""
    wide = max(1, math.ceil(len(names) / _COLUMN))
    high = math.ceil(len(names) / wide)
    rows = []
    for line in range(high):
        cells = []
        for column in range(wide):
            place = column * high + line
            if place < len(names):
                cells.append(f'<TD ALIGN="LEFT">{_text(names[place])}</TD>')
            else:
                cells.append("<TD></TD>")
        rows.append(f"<TR>{''.join(cells)}</TR>")
    wrapped = "".join(f'{_text(line)}<BR ALIGN="LEFT"/>' for line in textwrap.wrap(title, 18 * wide + 6))
    head = f'<TR><TD COLSPAN="{wide}" ALIGN="LEFT">{_small(wrapped)}</TD></TR>'
    frame = 'BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" BGCOLOR="white"'
    return f"<<TABLE {frame}>{head}{''.join(rows)}</TABLE>>"


def _small(written: str, colour: str = _GREY) -> str:
    return f'<FONT COLOR="{colour}" POINT-SIZE="11">{written}</FONT>'


class _Picture:
    def __init__(self, review: Mapping[str, Any], lives: Mapping[str, Mapping[str, Any]], main: str) -> None:
        self.review, self.lives, self.main = review, lives, main
        self.users = {user["name"]: user for user in lives[main]["users"]}
        members: dict[str, set[str]] = {group["name"]: set() for group in lives[main]["groups"]}
        for user in self.users.values():
            for group in user["groups"]:
                members[group].add(user["name"])
        # A line from everybody to one group says less than a word.
        grouped = {user["name"] for user in self.users.values() if user["groups"]}
        self.everyone = [group for group in members if len(grouped) > 1 and members[group] >= grouped]
        self.members = members
        lines = [one for key in ("grants", "dangling") for one in review[key] if one["account"] == main]
        self.alone = {one["who"] for one in lines if one.get("through") == f"user {one.get('who')}"}
        self.alone |= {one["holder"][5:] for one in lines if one.get("holder", "").startswith("user ")}
        # What most lines from people, and most from roles, ask for: said once, in the legend.
        self.usual = {kind: self._most(kind) for kind in ("user", "role")}
        # What an AWS service becomes is a word in the role's box, not a line across the picture.
        self.services: dict[tuple[str, str], list[str]] = {}
        for one in review["services"]:
            self.services.setdefault((one["role_account"], one["role"]), []).append(f"for {one['names']}")
        self.out: list[str] = []
        self.columns: dict[str, list[str]] = {}  # nodes that stand above each other

    def _most(self, kind: str) -> tuple[str, ...]:
        asked = [_needs(grant) for grant in self.review["grants"] if grant["kind"] == kind and not grant["via"]]
        return Counter(asked).most_common(1)[0][0] if asked else ()

    def legend(self) -> str:
        samples = [
            ("\u2501\u2501\u2501", _BLUE, "explicit: a policy names the role"),
            ("\u2505\u2505\u2505", _BLUE, "implied by a broad policy"),
            ("\u2501 \u2501", _RED, "one side only: nobody gets in"),
            ("\u2501\u2501\u2501", _GREY, "is in the group"),
        ]
        rows = [
            f'<TR><TD ALIGN="LEFT"><FONT COLOR="{colour}">{sample}</FONT></TD><TD ALIGN="LEFT">{_text(said)}</TD></TR>'
            for sample, colour, said in samples
        ]
        usual = "; ".join(
            f"from {people}: {', '.join(self.usual[kind]) or 'always'}"
            for kind, people in (("user", "people"), ("role", "roles"))
        )
        rows.append(f'<TR><TD ALIGN="LEFT">if</TD><TD ALIGN="LEFT">{_text(usual)}; or what the line says</TD></TR>')
        return f'<<TABLE BORDER="0" CELLSPACING="2">{"".join(rows)}</TABLE>>'

    def line(self, text: str) -> None:
        self.out.append(text)

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

    def draw(self) -> str:
        self.line("digraph access {")
        self.line(
            "graph "
            + _attributes(
                rankdir="LR", fontname=_FONT, fontsize="14", nodesep="0.16", ranksep="1.5", splines="true", pad="0.3",
                newrank="true", bgcolor="white", fontcolor=_INK,
                outputorder="edgesfirst", labelloc="b", labeljust="l", label=self.legend(),
            )
        )  # fmt: skip
        self.line("node " + _attributes(fontname=_FONT, fontsize="13", shape="box", color=_INK, fontcolor=_INK))
        self.line("edge " + _attributes(fontname=_FONT, fontsize="11", color=_BLUE, fontcolor=_INK, arrowsize="0.7"))
        self.people()
        self.groups()
        self.roles()
        self.stand()
        self.memberships()
        self.edges()
        self.line("}")
        return "\n".join(self.out) + "\n"

    def cluster(self, name: str, label: str, colour: str) -> None:
        self.line(f"subgraph {_id('cluster ' + name)} {{")
        self.line(
            "graph "
            + _attributes(
                label=label,
                labeljust="l",
                labelloc="t",
                style="filled,rounded",
                color=colour,
                fillcolor=colour,
                margin="14",
                id=name,
            )
        )

    def node(self, column: str, node: str, **given: str) -> None:
        self.columns.setdefault(column, []).append(node)
        self.line(node + _attributes(**given))

    def stand(self) -> None:
        """Columns stay columns whatever lines there are."""
        filled = [nodes for column in ("people", "groups", "home", "away") if (nodes := self.columns.get(column))]
        for nodes in filled:
            self.line(f"{{rank=same; {'; '.join(nodes)}}}")
        for left, right in itertools.pairwise(filled):
            self.line(f"{left[0]} -> {right[0]} [style=invis]")

    def people(self) -> None:
        self.cluster("people", f"{len(self.users)} people in {self.main}", "#f3f2f1")
        for key, names in self.blocks().items():
            groups = [group for group in key if not group.startswith("user ")]
            title = f"{len(names)} in {', '.join(groups)}" if groups else f"{len(names)} in no group"
            self.node("people", _id("people", *key), shape="plain", label=_block(title, names))
        self.line("}")

    def groups(self) -> None:
        self.cluster("groups", f"groups in {self.main}", _ACCOUNTS[0])
        for group, members in sorted(self.members.items()):
            if group in self.everyone:
                outside = len(self.users) - len(members)
                said = f"all people but {outside}" if outside else "all people"
            else:
                said = f"{len(members)} {'person' if len(members) == 1 else 'people'}"
            label = f"<{_text(group)}<BR/>{_small(said)}>"
            self.node("groups", _id("group", group), label=label, style="filled", fillcolor="white")
        self.line("}")

    def _root(self, account: str) -> str:
        root = self.lives[account]["credentials"]["root"]
        wrong = [said for said, bad in (("has keys", root["keys"]), ("no MFA", not root["mfa"])) if bad]
        said = _small(f"root: {', '.join(wrong) or 'no keys, MFA'}", _RED if wrong else _GREY)
        return f'<BR ALIGN="LEFT"/>{said}<BR ALIGN="LEFT"/>'

    def roles(self) -> None:
        shown = {(grant["role_account"], grant["role"]) for grant in self.review["grants"]}
        shown |= {(grant["account"], grant["who"]) for grant in self.review["grants"] if grant["kind"] == "role"}
        for key in ("dangling", "services", "outside", "unreachable"):
            shown |= {(one["role_account"], one["role"]) for one in self.review[key] if one["role"]}
        lost = {(one["role_account"], one["role"]) for one in self.review["unreachable"]}
        for place, account in enumerate(self.lives):
            column = "home" if account == self.main else "away"
            names = sorted(role for there, role in shown if there == account)
            label = f"<{_text(account)} {self.lives[account]['account_id']}{self._root(account)}>"
            self.cluster(f"roles in {account}", label, _ACCOUNTS[(place + 1) % len(_ACCOUNTS)])
            for name in names:
                said = [_small(_text(service)) for service in self.services.get((account, name), [])]
                said += [_small("nobody reaches it", _RED)] if (account, name) in lost else []
                label = f"<{'<BR/>'.join([_text(name), *said])}>"
                self.node(column, _id("role", account, name), label=label, style="filled,rounded", fillcolor="white")
            if not names:
                self.node(column, _id("role", account, ""), label="no roles", shape="plain", fontcolor=_GREY)
            self.line("}")

    def memberships(self) -> None:
        for key in self.blocks():
            for group in (part for part in key if part in self.members):
                self.line(
                    f"{_id('people', *key)}:e -> {_id('group', group)}:w "
                    + _attributes(color=_GREY, arrowhead="none", weight="2")
                )

    def _from(self, grant: Mapping[str, Any]) -> str:
        """Where a grant's line begins: at the group, the role, or the person whose own policy it is."""
        kind, _, name = grant["through"].partition(" ")
        if grant["via"]:
            return _id("role", *grant["via"][-1].split(":", 1))
        if grant["kind"] == "user" and grant["account"] == self.main:
            if kind == "group":
                return _id("group", name)
            return _id("people", *self.key(grant["who"]))
        if grant["kind"] == "role":
            return _id("role", grant["account"], grant["who"])
        return _id("user", grant["account"], grant["who"])

    def edges(self) -> None:
        lines: dict[tuple[str, str, bool], set[tuple[str, ...]]] = {}
        strangers = {}
        for grant in self.review["grants"]:
            if grant["via"]:
                continue  # its last step is drawn as what the role may
            start = self._from(grant)
            if grant["kind"] == "user" and grant["account"] != self.main:
                strangers[start] = f"{grant['who']}\\nuser in {grant['account']}"
            key = (start, _id("role", grant["role_account"], grant["role"]), grant["explicit"])
            lines.setdefault(key, set()).add(_needs(grant))
        for start, label in strangers.items():
            self.line(start + _attributes(label=label, color=_RED))
        starts = list(dict.fromkeys(start for start, *_ in sorted(lines)))
        for (start, end, explicit), needs in sorted(lines.items(), key=lambda item: item[0]):
            label = " or ".join(sorted(", ".join(some) or "always" for some in needs))
            short = "" if needs == {self.usual["role" if start.startswith('"role/') else "user"]} else label
            style = "solid" if explicit else "dotted"
            self.line(
                f"{start} -> {end} "
                + _attributes(
                    color=_LINES[starts.index(start) % len(_LINES)],
                    style=style,
                    penwidth="1.4" if explicit else "1.6",
                    label=short,
                    tooltip=f"if {label}",
                )
            )
        self.dangling()

    def dangling(self) -> None:
        for one in self.review["dangling"]:
            kind, _, name = one["holder"].partition(" ")
            end = _id("role", one["role_account"], one["role"])
            known = (one["role_account"], one["role"]) in {
                (account, role["name"]) for account, live in self.lives.items() for role in live["roles"]
            }
            if not known:
                self.line(end + _attributes(label=f"{one['role']}\\n(not there)", color=_RED, fontcolor=_RED))
            if kind == "group" and name in self.members and one["account"] == self.main:
                start = _id("group", name)
            elif kind == "user" and name in self.users and one["account"] == self.main:
                start = self._from({**one, "via": [], "kind": "user", "through": "user", "who": name})
            elif kind == "role" and one["account"] in self.lives:
                start = _id("role", one["account"], name)
            else:
                start = _id("nobody", one["account"], one["holder"])
                self.line(start + _attributes(label=f"{one['holder']}", color=_RED, fontcolor=_RED))
            side = "only its policy" if one["side"] == "policy" else "only the trust"
            self.line(
                f"{start} -> {end} "
                + _attributes(
                    style="dashed", color=_RED, fontcolor=_RED, label=side, arrowhead="empty", tooltip=one["why"]
                )
            )


def access_dot(review: Mapping[str, Any], lives: Mapping[str, Mapping[str, Any]], main: str = "main") -> str:
    """Pure: the text of the graph; the same for the same review."""
    return _Picture(review, lives, main).draw()


def _access_dot_filter(review: Mapping[str, Any], lives: Mapping[str, Mapping[str, Any]], main: str = "main") -> str:
    try:
        return access_dot(review, lives, main)
    except (KeyError, TypeError) as exc:
        raise AnsibleFilterError(
            f"access_dot: {exc} is missing; the input must be what dm_access_info returned."
        ) from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"access_dot": _access_dot_filter}
