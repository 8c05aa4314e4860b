"""Each variable of the router has a range or a form, and what is wrong is said in its own name."""

from pathlib import Path

import pytest
import yaml
from ansible._internal._datatag._tags import Origin
from ansible.errors import AnsibleFilterError
from ansible.module_utils.estate.assets.check import RULES
from ansible.module_utils.estate.assets.cloudfront import cloudfront_networks
from asset_settings import FilterModule

ROLE = Path(__file__).parents[2] / "roles" / "assets_router"
SPEC = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
DEFAULTS = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
settings = FilterModule().filters()["asset_settings"]


def test_every_variable_is_judged():
    spec_alone = {"routes", "manager", "cloudfront", "ipv6", "maintenance"}  # what the argument spec says all of
    assert {name.removeprefix("assets_router_") for name in SPEC} == set(RULES) | spec_alone


def test_the_defaults_are_fine():
    assert settings({**DEFAULTS, "assets_router_domains": ["assets.preview.example"]}) > 40


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("workers", "0", "assets_router_workers is '0'; allowed is auto, or a number from 1 to 128"),
        ("workers", "1; daemon off", "allowed is auto"),
        ("workers", "lots", "allowed is auto"),
        ("workers", 500, "allowed is auto"),
        ("workers", True, "allowed is auto"),
        ("connections", 1_000_000, "a whole number from 64 to 262144"),
        ("rate", "50", "assets_router_rate is '50'; allowed is a whole number from 0 to 1000000, and not text"),
        ("stale_seconds", "200", "a whole number from 0 to 200000, and not text"),
        ("stale_seconds", -1, "a whole number from 0"),
        ("read_seconds", 0, "assets_router_read_seconds is 0; allowed is a whole number from 1 to 300"),
        ("connect_seconds", 0, "a whole number from 1 to 60"),
        ("cache_seconds", True, "a whole number from 1 to 86400"),
        ("cache_missing_seconds", 0, "a whole number from 1 to 3600"),
        ("health_path", "_health", "one path element such as /_health"),
        ("health_path", "/fw/documents/a.csv", "which no document can have"),
        ("health_path", "/robots.txt", "one path element"),
        ("domains", ["https://assets.example"], "host names in lower case, without scheme and path"),
        ("domains", ["_"], "host names"),
        ("domains", ["a.example; x"], "host names"),
        ("domains", [], "a list of at least 1"),
        ("allowed_addresses", ["default"], "networks such as 192.0.2.0/24"),
        ("allowed_addresses", ["192.0.2.300"], "networks such as"),
        ("trusted_proxies", ["0.0.0.0/0"], "networks that are not everybody"),
        ("trusted_proxies", ["10.0.0.0/99"], "networks such as"),
        ("trusted_proxies", ["10.0.0.1/8"], "has host bits set"),
        ("security_headers", {"X-Frame-Options": None}, "header names with text that is not empty"),
        ("security_headers", {"X Y": "a"}, "header names with text"),
        *(
            ("security_headers", {name: policy}, "under which every browser shows a PDF")
            for name, policy in [
                ("Content-Security-Policy", "default-src 'none'"),
                ("content-security-policy", "object-src 'none'"),
                ("Content-Security-Policy", "object-src none"),
                ("Content-Security-Policy", "default-src data: blob:"),
                ("Content-Security-Policy", "Default-Src 'NONE'; img-src 'self'"),
                ("Content-Security-Policy", "default-src 'self'; object-src"),
                ("Content-Security-Policy", "object-src 'none'; object-src 'self'"),
                ("Content-Security-Policy", "default-src 'self', object-src 'none'"),
                ("Content-Security-Policy", "sandbox"),
                ("Content-Security-Policy", "object-src 'self'; sandbox allow-scripts"),
                ("Content-Security-Policy", " default-src  'none' ;base-uri 'none'"),
                ("CONTENT-SECURITY-POLICY", "default-src;"),
            ]
        ),
        ("security_headers", {"X-A": "$host"}, "header names with text"),
        ("security_headers", {"X-A": "\u00e9"}, "of ASCII without"),
        ("security_headers", {"X-A": " "}, "text that is not empty, of ASCII"),
        ("security_headers", {"#X": "a"}, "header names with text"),
        ("security_headers", ["X-A"], "header names with text"),
        ("security_headers", {"content-length": "0"}, "not the router's own to say, as content-length is"),
        ("security_headers", {"Cache-Control": "max-age=9"}, "not the router's own to say, as Cache-Control is"),
        ("security_headers", {"X-A": "1", "x-a": "2"}, "each header once"),
        ("listen", ["80; x"], "a port from 1 to 65535"),
        ("listen", ["0"], "a port from 1 to 65535"),
        ("listen", ["host:80"], "a port from 1 to 65535"),
        ("listen", ["80", 80], "assets_router_listen and assets_router_tls_listen name 80 twice"),
        ("listen", "80", "assets_router_listen is '80'; allowed is a list"),
        ("listen", [], "assets_router_listen and assets_router_tls_listen are both empty"),
        ("tls_listen", ["443"], "assets_router_tls_certificate_path is empty"),
        ("resolvers", ["a.example"], "addresses of name servers"),
        ("connect", "https://x", "empty, or a host and a port"),
        ("connect", "127.0.0.1:99999", "empty, or a host and a port"),
        ("connect", None, "empty, or a host and a port"),
        ("cache_dir", "cache", "an absolute path"),
        ("cache_dir", "/a b", "an absolute path"),
        ("cache_dir", "/", "an absolute path"),
        ("cache_dir", "/var/cache/..", "without . and .. alone"),
        ("cache_dir", "/var/cache/", "an absolute path"),
        ("cache_dir", "/etc", "a directory of the router's own"),
        ("cache_dir", "/var/cache", "a directory of the router's own"),
        (
            "cache_dir",
            "/var/log/assets_router",
            "assets_router_log_dir is in assets_router_cache_dir, which is emptied",
        ),
        ("robots", 'a"b', "text without double quotes"),
        ("real_ip_header", "X: y", "the name of a header"),
        ("real_ip_header", "proxy_protocol", "the name of a header"),
        ("frontend", {"url": "https://www.example/x"}, "an empty url, or https:// and a host name"),
        ("frontend", {"url": "http://www.example"}, "an empty url, or https://"),
        ("frontend", {"url": "", "static": "false"}, "true or false for static, without quotes"),
        ("frontend", {"url": "https://a.example", "username": "a:b"}, "a username without a colon"),
        ("frontend", {"url": "https://a.example", "connect": "a:0"}, "a host and a port"),
        ("hidden_metadata", ["a;b"], "names of metadata"),
        ("user", "a;b", "empty, or a user's name"),
        ("user", "root", "assets_router_user is root or empty; allowed is a user of no privileges"),
        ("user", "", "assets_router_user is root or empty"),
        (
            "state_dir",
            "/srv/" + "a" * 94,
            "assets_router_state_dir has more than 98 characters; the router's socket is in it",
        ),
    ],
)
def test_what_nginx_would_take_or_say_in_its_own_words_is_refused(name, value, said):
    given = {**DEFAULTS, "assets_router_domains": ["assets.preview.example"], f"assets_router_{name}": value}
    with pytest.raises(AnsibleFilterError) as raised:
        settings(given)

    assert said in raised.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("listen", ["80", "127.0.0.1:8080", "[::]:80"]),
        ("resolvers", ["192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]", "[2001:db8::1]:53", "2001:db8::1"]),
        ("connect", "vpce-0a1b.s3.eu-west-1.vpce.amazonaws.com:443"),
        ("trusted_proxies", ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]),
        ("workers", "auto"),
        ("security_headers", {"Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'"}),
        ("security_headers", {"Content-Security-Policy": "object-src 'self'; default-src 'none'"}),
        ("security_headers", {"Content-Security-Policy": "object-src 'self'; object-src 'none'"}),
        ("security_headers", {"Content-Security-Policy": "default-src https:"}),
        ("security_headers", {"Content-Security-Policy": "object-src *.marketplace.example"}),
        ("security_headers", {"Content-Security-Policy": "upgrade-insecure-requests;"}),
        ("security_headers", {"Content-Security-Policy-Report-Only": "default-src 'none'"}),
    ],
)
def test_what_is_right_passes(name, value):
    assert settings({"assets_router_listen": ["80"], f"assets_router_{name}": value})


def test_the_sites_password_is_not_said_where_something_else_is_wrong():
    said = {"url": "http://www.example", "username": "site", "password": "open-sesame"}
    with pytest.raises(AnsibleFilterError) as raised:
        settings({**DEFAULTS, "assets_router_domains": ["a.example"], "assets_router_frontend": said})

    assert "open-sesame" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"), [("cache_missing_seconds", -4), ("log_dir", "/x y"), ("user", "root"), ("domains", ["a b"])]
)
def test_what_is_wrong_is_said_with_its_file_and_line(name, value):
    written = Origin(path=str(Path.cwd() / "inventories/x.yml"), line_num=7).tag(value)
    with pytest.raises(AnsibleFilterError, match=r" \(inventories/x\.yml:7\)\.$"):
        settings({"assets_router_manager": "systemd", f"assets_router_{name}": written, "assets_router_listen": [80]})


# What nginx, Linux and the promises of docs/assets.md bear; the rules are made from the argument spec, which may not.
BOUNDS = {
    "connections": (64, 262_144), "reload_seconds": (1, 600), "drain_seconds": (0, 60), "log_mib": (1, 100_000),
    "log_files": (1, 1000), "lookup_seconds": (1, 3600), "address_seconds": (1, 604_800), "keepalive": (1, 10_000),
    "connect_seconds": (1, 60), "read_seconds": (1, 300), "cache_mib": (1, 10_000_000), "min_free_mib": (0, 10_000_000),
    "cache_seconds": (1, 86_400), "cache_missing_seconds": (1, 3600), "cache_digits": (0, 9),
    "stale_seconds": (0, 200_000), "rate": (0, 1_000_000), "rate_burst": (0, 1_000_000),
    "rate_connections": (0, 65_535),
}  # fmt: skip


@pytest.mark.parametrize("name", BOUNDS)
def test_every_number_has_the_bounds_that_it_had(name):
    least, most = BOUNDS[name]
    assert not RULES[name](least)
    assert not RULES[name](most)
    for beyond in (least - 1, most + 1):
        assert RULES[name](beyond) == f"a whole number from {least} to {most}"


def published(*services):
    rows = [{"ip_prefix": f"192.0.2.{16 * n}/28", "service": service} for n, service in enumerate(services)]
    return {
        "prefixes": rows,
        "ipv6_prefixes": [{"ipv6_prefix": "2001:db8::/32", "service": "CLOUDFRONT_ORIGIN_FACING"}],
    }


def test_cloudfronts_networks_are_those_that_reach_origins():
    origin = ["CLOUDFRONT_ORIGIN_FACING"] * 12
    found = cloudfront_networks(published(*origin, "CLOUDFRONT", "EC2"))

    assert found == ["192.0.2.0/25", "192.0.2.128/26", "2001:db8::/32"]


@pytest.mark.parametrize("wrong", [None, {}, [], published("EC2"), {"prefixes": [{}], "ipv6_prefixes": []}])
def test_what_is_not_the_whole_list_of_cloudfront_is_refused(wrong):
    with pytest.raises(ValueError, match="assets_router_cloudfront_url"):
        cloudfront_networks(wrong)
