from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: access_svg
short_description: Make the picture of an access review accessible
description:
  - Gives what C(dot -Tsvg) wrote a title and a description that screen readers read out, and leaves out the names that
    dot gives to nodes and lines, which would be read out as titles.
  - Follows U(https://www.w3.org/TR/svg-aam-1.0/).
positional: review, title
options:
  _input:
    description: What C(dot -Tsvg) wrote.
    type: str
    required: true
  review:
    description: What P(access_grants#filter) returned.
    type: dict
    required: true
  title:
    description: What the picture is called.
    type: str
    required: true
"""
EXAMPLES = r"""
- name: Write the picture
  ansible.builtin.copy:
    content: "{{ drawn.stdout | access_svg(review, 'Who can reach which role') }}"
    dest: build/access.svg
    mode: "0644"
"""
RETURN = r"""
_value:
  description: The picture as SVG.
  type: str
"""


def _description(review: Mapping[str, Any]) -> str:
    people: dict[str, set[str]] = {}
    for grant in review["grants"]:
        if grant["kind"] == "user":
            people.setdefault(f"{grant['role_account']}:{grant['role']}", set()).add(grant["who"])
    said = [f"{len(who)} reach {role}" for role, who in sorted(people.items())]
    dangling = len(review["dangling"])
    return (
        "People of the main account, the groups they are in, and the roles that these give in each account. "
        f"{'; '.join(said) or 'Nobody reaches any role'}. "
        f"{dangling or 'No'} grant{'' if dangling == 1 else 's'} with one side only. "
        "The same is in the table access.csv."
    )


def access_svg(drawn: str, review: Mapping[str, Any], title: str) -> str:
    """Pure. Raises ValueError where drawn is no SVG."""
    found = re.search(r'<svg\b[^>]*?width="(\d+)pt" height="(\d+)pt"[^>]*>', drawn, re.DOTALL)
    if not found:
        raise ValueError("the input is no SVG that dot wrote")
    width, height = (round(int(points) * 4 / 3) for points in found.groups())  # a point is 4/3 of CSS's pixel
    view = re.search(r'viewBox="([^"]+)"', found[0])
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'aria-labelledby="title description" viewBox="{view[1] if view else ""}" '
        f'width="{width}" height="{height}" style="font-family: Arial, Helvetica, sans-serif">\n'
        f'<title id="title">{html.escape(title)}</title>\n'
        f'<desc id="description">{html.escape(_description(review))}</desc>'
    )
    body = drawn[found.end() :]
    body = re.sub(r"<title>.*?</title>\n?", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\n?", "", body, flags=re.DOTALL)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{body}'


def _access_svg_filter(drawn: str, review: Mapping[str, Any], title: str) -> str:
    try:
        return access_svg(drawn, review, title)
    except (KeyError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"access_svg: {exc}.") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"access_svg": _access_svg_filter}
