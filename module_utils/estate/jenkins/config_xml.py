"""A job's config.xml as text to compare: all that Jenkins would run, and nothing that it adds by itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

_TRACKED = "org.jenkinsci.plugins.pipeline.modeldefinition.actions."
_CONCURRENT = "org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty"
# What Jenkins writes beside what it was given: (parent, tag) -> the only text that it may have, None for any.
# Everything else that nobody declared is a difference, whatever it is: an extension, a token, a permission, a trigger.
_BY_JENKINS: dict[tuple[str, str], str | None] = {
    ("flow-definition", "actions"): None,
    ("flow-definition", "keepDependencies"): "false",
    ("actions", f"{_TRACKED}DeclarativeJobAction"): None,
    ("actions", f"{_TRACKED}DeclarativeJobPropertyTrackerAction"): None,
    # An option of the Jenkinsfile, which each run sets anew.
    ("properties", "jenkins.model.BuildDiscarderProperty"): None,
    (_CONCURRENT, "abortPrevious"): "false",
    ("scm", "submoduleCfg"): "",
}
# Job Builder writes them still; GitSCM reads them to turn them into extensions, and never writes them
# (GitSCMBackwardCompatibility.readBackExtensionsFromLegacy): an empty name would become an extension of its own.
_LEGACY = {"disableSubmodules", "recursiveSubmodules", "remotePoll", "reference", "gitConfigName", "gitConfigEmail"}
_IN_MANY_FORMS = {"choices", "submoduleCfg"}  # the same list has more than one class


def parse(config: str) -> ElementTree.Element:
    # Jenkins writes XML 1.1, which expat does not read: it knows some more characters, by their numbers.
    bare = re.sub(r"^\s*<\?xml[^>]*\?>", "", config)
    bare = re.sub(
        r"&#(?:x0*(?:[1-8bcef]|1[0-9a-f])|0*(?:[1-8]|1[124-9]|2\d|3[01]));",
        "\N{REPLACEMENT CHARACTER}",
        bare,
        flags=re.I,
    )
    return ElementTree.fromstring(bare)  # noqa: S314 our own Jenkins', and expat limits expansion itself


def prepared(config: str) -> str:
    """What Job Builder rendered, without what Jenkins would turn into something else."""
    root = parse(config)
    for scm in root.iter("scm"):
        for child in [*scm]:
            if child.tag in _LEGACY and (child.text or "").strip() in ("", "false"):
                scm.remove(child)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + ElementTree.tostring(root, encoding="unicode")


def texts(live: str, declared: str) -> tuple[str, str]:
    """Both as text: equal where the live job does what the declared one says, and nothing else."""
    wanted = parse(declared)
    return "\n".join(_lines(parse(live), wanted)) + "\n", "\n".join(_lines(wanted, wanted)) + "\n"


def _lines(element: ElementTree.Element, like: ElementTree.Element | None, depth: int = 0) -> Iterator[str]:
    """tag[attributes]: text, indented. Tags stand in the order of `like`, since Jenkins sorts them as it likes."""
    indent = "  " * depth
    if element.tag == "choices":
        yield f"{indent}choices: {', '.join(choice.text or '' for choice in element.iter('string'))}"
        return
    attributes = "".join(
        f"[{name}={value}]"
        for name, value in sorted(element.attrib.items())
        if name != "plugin" and element.tag not in _IN_MANY_FORMS
    )
    yield f"{indent}{element.tag}{attributes}: {_text(element)}".rstrip()
    left: dict[str, list[ElementTree.Element]] = {}
    for child in element:
        left.setdefault(child.tag, []).append(child)
    for wanted in () if like is None else like:
        if left.get(wanted.tag):
            yield from _lines(left[wanted.tag].pop(0), wanted, depth + 1)
    for child in (child for children in left.values() for child in children):
        if not _by_jenkins(element.tag, child):
            yield from _lines(child, None, depth + 1)


def _text(element: ElementTree.Element) -> str:
    return "\n".join(line.strip() for line in (element.text or "").strip().splitlines())


def _by_jenkins(parent: str, child: ElementTree.Element) -> bool:
    if (parent, child.tag) not in _BY_JENKINS:
        return False
    allowed = _BY_JENKINS[parent, child.tag]
    if child.tag == "actions":
        return all(_by_jenkins("actions", inner) for inner in child)
    return allowed is None or (_text(child) == allowed and not len(child))
