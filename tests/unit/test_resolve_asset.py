import pytest
from ansible.errors import AnsibleFilterError
from asset_routes import asset_routes
from resolve_asset import FilterModule, resolve_asset

from tests.support.assets import KINDS, LEGACY, URLS

resolve = FilterModule().filters()["resolve_asset"]
ROUTES = asset_routes(KINDS, URLS, "preview", legacy=LEGACY)
CATCH_ALL = asset_routes(KINDS, URLS, "preview", legacy=LEGACY, catch_all="documents")
CSV = "/digital-outcomes-and-specialists-3/communications/data/opportunity-data.csv"


def test_the_second_element_picks_the_bucket_and_the_full_path_is_joined_to_it():
    found = resolve(CSV, ROUTES)

    assert found["served"]
    assert found["bucket"] == "digitalmarketplace-communications-preview-preview"
    assert found["url"] == f"https://digitalmarketplace-communications-preview-preview.s3.eu-west-1.amazonaws.com{CSV}"
    assert found["key"] == CSV[1:]
    assert found["variable"] == "communications_s3_url"


def test_a_url_is_judged_by_its_path_and_its_host():
    url = f"https://assets.preview.example{CSV}?version=3"

    assert resolve(url, ROUTES, ["assets.preview.example"])["key"] == CSV[1:]
    assert resolve(url, ROUTES, ["assets.example"])["why"] == "the router does not answer to assets.preview.example"
    assert resolve(url, ROUTES, ["assets.example"])["by"] == "elsewhere"
    assert not resolve("ftp://x/a/documents/b", ROUTES)["served"]
    assert resolve("https://[::1", ROUTES)["why"] == "it is no URL: Invalid IPv6 URL"


@pytest.mark.parametrize("kind", ["submissions", "agreements", "reports", "g7-draft-documents", "logs"])
@pytest.mark.parametrize("first", ["g-cloud-9", "g-cloud-7"])
@pytest.mark.parametrize("routes", [ROUTES, CATCH_ALL], ids=["plain", "catch_all"])
def test_kinds_that_are_not_served_are_refused_before_any_other_rule(kind, first, routes):
    for path in (f"/{first}/{kind}/x.pdf", f"/{first}/{kind}", f"/{first}/{kind}/documents/x.pdf"):
        assert resolve(path, routes) == {
            "served": False,
            "by": "refused",
            "why": f"{kind} is not served by the second element of a path",
        }


def test_legacy_prefixes_come_before_the_rule_of_the_second_element():
    assert resolve("/g-cloud-7/documents/x.pdf", ROUTES)["kind"] == "g7-draft-documents"
    assert resolve("/g-cloud-7-updates/communications/x.pdf", ROUTES)["kind"] == "g7-draft-documents"
    assert resolve("/g-cloud-7-updates/documents/x.pdf", ROUTES)["kind"] == "documents"
    assert resolve("/g-cloud-70/documents/x.pdf", ROUTES)["kind"] == "documents"


def test_other_paths_are_refused_unless_there_is_a_catch_all():
    assert not resolve("/x/y/z.pdf", ROUTES)["served"]
    assert resolve("/x/y/z.pdf", CATCH_ALL)["by"] == "catch_all"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/a//documents/b", "an element is empty"),
        ("/a/documents/", "an element is empty"),
        ("/a/documents", "nothing follows documents"),
        ("/a/documents/../agreements/b", "an element is '..'"),
        ("/a/documents/./b", "an element is '.'"),
        ("/a/documents/%2e%2e/b", "an element is '..'"),
        ("/a/documents/.%2E/b", "an element is '..'"),
        ("/a/documents/%2F", "'/' is encoded"),
        ("/a/documents/%5C", r"'\\' is encoded"),
        ("/a/documents/%00", "a control character is encoded"),
        ("/a/documents/%0d%0a", "a control character is encoded"),
        ("/a/documents/%zz", "not followed by two hexadecimal"),
        ("/a/documents/%", "not followed by two hexadecimal"),
        ("/a/documents/%c0%af", "not UTF-8"),
        ("/a/documents/%ed%a0%80", "not UTF-8"),
        ("/a/documents/b#c", "'#' must be encoded"),
        ("/a/documents/é", "must be encoded"),
        ("/a/Documents/b", "the second element is no kind"),
    ],
)
def test_what_is_not_in_plain_form_is_refused_and_why(path, why):
    found = resolve_asset(path, ROUTES)

    assert not found["served"]
    assert why in found["why"]


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/a/documents/%7Ex%5F.pdf", "a/documents/~x_.pdf"),
        ("/a/d%6fcuments/b", "a/documents/b"),
        ("/a/documents/100%25.pdf", "a/documents/100%.pdf"),
        ("/a/documents/%252e%252e", "a/documents/%2e%2e"),
        ("/a/documents/Terms%20[draft]|x^.pdf", "a/documents/Terms [draft]|x^.pdf"),
        ("/a/documents/a+b%2Bc.pdf", "a/documents/a b+c.pdf"),
    ],
)
def test_equal_spellings_have_one_reading_which_is_s3s(path, key):
    assert resolve(path, ROUTES)["key"] == key


def test_an_encoded_kind_is_that_kind():
    assert resolve("/a/%61greements/b", ROUTES)["why"] == "agreements is not served by the second element of a path"


def partly(served):
    kinds = {**KINDS, "communications": {"served": served, "servable": True}}
    return asset_routes(kinds, URLS, "preview", legacy=LEGACY)


def test_what_is_public_may_be_said_by_key():
    routes = partly({"keys": ["*/communications/data/*"]})

    assert resolve(CSV, routes)["served"]
    assert not resolve("/fw/communications/updates/suppliers-only.pdf", routes)["served"]
    assert "*/communications/data/*" in resolve("/fw/communications/updates/suppliers-only.pdf", routes)["why"]
    assert resolve("/fw/communications/%64ata/x", routes)["served"]
    assert not resolve("/fw/communications/data-private/x", routes)["served"]


def test_what_is_public_may_be_said_by_tag():
    said = "the second element is communications, where S3 finds the tag public=yes on it"

    assert resolve(CSV, partly({"tag": {"public": "yes"}}))["why"] == said


def test_names_in_other_scripts_are_decoded_for_the_key():
    assert resolve("/a/documents/r%C3%A9sum%C3%A9%20(1).pdf", ROUTES)["key"] == "a/documents/résumé (1).pdf"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://assets.example", "it names no document"),
        ("https://assets.example/?x", "it names no document"),
        ("https://assets.example:abc/fw/documents/a.pdf", "it is no URL"),
        ("https://[::1/fw/documents/a.pdf", "it is no URL"),
        ("fw/documents/a.pdf", "it is neither a path nor an http or https URL"),
        ("/fw/documents/{{ 7*7 }}.pdf", "'{' must be encoded"),
        ("/fw/documents/a.pdf ", "' ' must be encoded"),
    ],
)
def test_a_url_that_leads_nowhere_says_why(url, why):
    found = resolve(url, ROUTES)

    assert (found["served"], why in found["why"]) == (False, True), found


def test_what_is_no_url_is_refused():
    with pytest.raises(AnsibleFilterError, match="resolve_asset: expected a URL or a path, got int"):
        resolve(3, ROUTES)
