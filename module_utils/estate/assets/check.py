"""What each assets_router_* variable may be, beyond its type: ranges and forms, said in the variable's own words."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.specs import argument_specs, limits

Rule = Callable[[Any], "str | None"]  # what is allowed, where the value is not


def between(least: int, most: int) -> Rule:
    def rule(value: Any) -> str | None:
        fine = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        text = ", and not text" if isinstance(value, str) else ""
        return None if fine else f"a whole number from {least} to {most}{text}"

    return rule


def form(pattern: str, about: str) -> Rule:
    return lambda value: None if isinstance(value, str) and re.fullmatch(pattern, value) else about


def each(rule: Rule, least: int = 0) -> Rule:
    def of_all(values: Any) -> str | None:
        if not isinstance(values, (list, tuple)) or len(values) < least:
            return f"a list of at least {least}" if least else "a list"
        return next((f"{said} (not {value!r})" for value in values if (said := rule(value))), None)

    return of_all


def _network(value: Any) -> str | None:
    try:
        network = ipaddress.ip_network(value if isinstance(value, str) else "")
    except ValueError as exc:
        return f"networks such as 192.0.2.0/24: {exc}"
    return None if network.prefixlen else "networks that are not everybody; an empty list is"


def _address(value: Any) -> str | None:
    text = str(value)
    host, _, port = text.rpartition(":") if re.fullmatch(r"(\[.*\]|[^:]*):\d+", text) else (text, "", "53")
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "addresses of name servers, with or without a port"
    return None if _is_port(port) else "addresses of name servers, with a port from 1 to 65535"


def _is_port(text: str) -> bool:
    return text.isdecimal() and 1 <= int(text) <= 65535


def _listen(value: Any) -> str | None:
    allowed = "a port from 1 to 65535, or an address and a port such as 127.0.0.1:80 or [::]:80"
    host, colon, port = str(value).rpartition(":")
    if not _is_port(port):
        return allowed
    try:
        return None if not colon or ipaddress.ip_address(host.strip("[]")) else allowed
    except ValueError:
        return allowed


def _hides_a_pdf(policies: str) -> bool:
    """Safari shows a PDF as a plugin, Chromium none in a sandbox. https://www.w3.org/TR/CSP3/#parse-serialized-policy"""
    for policy in policies.lower().split(","):
        directives: dict[str, list[str]] = {}
        for name, *sources in filter(None, map(str.split, policy.split(";"))):
            directives.setdefault(name, sources)
        plugins = directives.get("object-src", directives.get("default-src", ["*"]))
        # This router, a host that may be it, or any; what is left are 'none', schemes of no document, and typos.
        ours = any(source in ("'self'", "http:", "https:") or "." in source or "*" in source for source in plugins)
        if "sandbox" in directives or not ours:
            return True
    return False


def _headers(value: Any) -> str | None:
    fine = isinstance(value, Mapping) and all(
        isinstance(name, str) and re.fullmatch(_NAME, name) and isinstance(text, str) and re.fullmatch(_TEXT, text)
        for name, text in value.items()
    )
    if not fine:
        return "header names with text that is not empty, of ASCII without double quotes, backslashes and dollar signs"
    if taken := sorted(name for name in value if _OF_THE_ROUTER.fullmatch(name.lower())):
        return f"headers that are not the router's own to say, as {taken[0]} is"
    if any(_hides_a_pdf(text) for name, text in value.items() if name.lower() == "content-security-policy"):
        return "a Content-Security-Policy under which every browser shows a PDF: with object-src 'self' and no sandbox"
    return None if len({name.lower() for name in value}) == len(value) else "each header once"


def _frontend(value: Any) -> str | None:
    if not isinstance(value, Mapping) or not re.fullmatch(rf"(https://{_HOST})?", str(value.get("url"))):
        return "an empty url, or https:// and a host name, without path and port"
    if wrong := next((name for name in ("static", "not_found") if not isinstance(value.get(name, True), bool)), None):
        return f"true or false for {wrong}, without quotes"
    if ":" in str(value.get("username", "")):  # https://www.rfc-editor.org/rfc/rfc7617#section-2
        return "a username without a colon"
    return None if not value.get("connect") else _connect(value["connect"])


def _connect(value: Any) -> str | None:
    found = re.fullmatch(rf"(?:{_HOST}|\[[0-9a-f:]+\]):(\d{{1,5}})", str(value))
    fine = value == "" or (found and _is_port(found[1]))
    return None if fine else "empty, or a host and a port such as 127.0.0.1:443"


def _directory(value: Any) -> str | None:
    """What the role makes, takes for the router's user and empties."""
    return _PATH(value) or ("a directory of the router's own" if _OF_THE_SYSTEM.fullmatch(value) else None)


_HOST = r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = r"[A-Za-z][A-Za-z0-9-]*"
_TEXT = r"[ !#%-\[\]-~]*[!#%-\[\]-~]"
# What says where an answer ends, what it is and how long it may be kept.
_OF_THE_ROUTER = re.compile(
    "accept-ranges|age|allow|alt-svc|cache-control|connection|content-(disposition|encoding|length|range|type)|date|etag"
    "|expires|keep-alive|last-modified|location|pragma|retry-after|server|set-cookie|trailer|transfer-encoding|upgrade"
    "|vary|www-authenticate"
)
_OF_THE_SYSTEM = re.compile(r"/[^/]+|/usr/[^/]+|/etc/(nginx|systemd)|/var/(cache|lib|log|run|spool|tmp)")
_PATH = form(
    r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._@+-]+)+", "an absolute path of letters, digits and ._/@+-, without . and .. alone"
)
_HEALTH = r"/(?!(?:robots\.txt|favicon\.ico|static|404)$)[A-Za-z0-9_-][A-Za-z0-9._-]*"

# Of numbers, as the argument spec has them.
_OPTIONS = argument_specs(Path(__file__).parents[3])["assets_router"]["main"]["options"]
_RANGES = {
    name: limits(option) for name, option in _OPTIONS.items() if option["type"] == "int" and "choices" not in option
}
_WORKERS = form(r"auto|[1-9][0-9]?|1[01][0-9]|12[0-8]", "auto, or a number from 1 to 128")

RULES: dict[str, Rule] = {
    **{name.removeprefix("assets_router_"): between(int(least), int(most)) for name, (least, most) in _RANGES.items()},
    "packages": each(form(r"[a-z0-9][a-z0-9.+-]+", "names of Debian packages")),
    **dict.fromkeys(("nginx", "modules_dir", "config_path", "pid_path", "ca_path"), _PATH),
    **dict.fromkeys(("config_dir", "state_dir", "cache_dir", "log_dir"), _directory),
    **dict.fromkeys(("tls_certificate_path", "tls_key_path"), lambda value: _PATH(value) if value else None),
    "user": form(r"([a-z_][a-z0-9_-]*)?", "empty, or a user's name"),
    "domains": each(form(_HOST, "host names in lower case, without scheme and path"), 1),
    **dict.fromkeys(("listen", "tls_listen"), each(_listen)),
    "workers": lambda value: _WORKERS(str(value)),
    "connect": _connect,
    "resolvers": each(_address),
    "stale_seconds": between(0, 200_000),
    **dict.fromkeys(("allowed_addresses", "trusted_proxies", "trace_addresses"), each(_network)),
    "real_ip_header": form(_NAME, "the name of a header"),
    "cloudfront_url": form(r"(https?://|file:///)[^\s]+", "a URL"),
    "health_path": form(_HEALTH, "one path element such as /_health, which no document can have"),
    "robots": form(r'[^"\\$\x00]*', "text without double quotes, backslashes and dollar signs"),
    "security_headers": _headers,
    "frontend": _frontend,
    "hidden_metadata": each(form(r"[a-z0-9-]+", "names of metadata in lower case")),
}


def mistakes(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(a sentence, the value that it is about) for each variable, by its whole name, that is not as it may be."""
    for name, rule in RULES.items():
        variable = f"assets_router_{name}"
        if variable in given and (allowed := rule(given[variable])):
            said = "not as it may be" if name == "frontend" else repr(given[variable])  # it has a password
            yield f"{variable} is {said}; allowed is {allowed}", given[variable]
    listen, tls_listen = (given.get(f"assets_router_{name}") or [] for name in ("listen", "tls_listen"))
    if not listen and not tls_listen:
        yield "assets_router_listen and assets_router_tls_listen are both empty: nobody would be answered", listen
    ports = [str(port) for ports in (listen, tls_listen) if isinstance(ports, (list, tuple)) for port in ports]
    if twice := next((port for port in ports if ports.count(port) > 1), None):
        yield f"assets_router_listen and assets_router_tls_listen name {twice} twice", listen
    if tls_listen:
        for name in ("assets_router_tls_certificate_path", "assets_router_tls_key_path"):
            if not given.get(name):
                yield f"{name} is empty, and assets_router_tls_listen is not: say where it is", tls_listen
    user = given.get("assets_router_user")
    if user in ("", "root") and given.get("assets_router_manager") == "systemd":
        yield "assets_router_user is root or empty; allowed is a user of no privileges, such as www-data", user
    state = given.get("assets_router_state_dir")
    if given.get("assets_router_manager") == "systemd" and len(str(state)) > 98:
        yield (
            "assets_router_state_dir has more than 98 characters; the router's socket is in it, and Linux allows 107",
            state,
        )
    cache = given.get("assets_router_cache_dir")
    for name in ("config_dir", "state_dir", "log_dir"):
        if cache and f"{given.get(f'assets_router_{name}')}/".startswith(f"{cache}/"):
            yield f"assets_router_{name} is in assets_router_cache_dir, which is emptied; give it another place", cache
