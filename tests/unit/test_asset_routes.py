import copy

import pytest
from ansible.errors import AnsibleFilterError
from asset_routes import FilterModule, asset_routes

from tests.support.assets import KINDS, LEGACY, URLS

route = FilterModule().filters()["asset_routes"]


def table(kinds=None, urls=None, **options):
    return route(
        {**KINDS, **(kinds or {})}, {**URLS, **(urls or {})}, **{"stage": "preview", "legacy": LEGACY, **options}
    )


def test_only_served_kinds_are_found_by_the_second_element():
    routes = table()

    assert list(routes["kinds"]) == ["documents", "communications"]
    assert routes["refused"] == ["submissions", "agreements", "reports", "g7-draft-documents", "logs"]
    assert [upstream["kind"] for upstream in routes["upstreams"]] == [
        "documents",
        "communications",
        "g7-draft-documents",
    ]


def test_variables_have_underscores_where_kinds_have_hyphens():
    assert table()["upstreams"][2]["variable"] == "g7_draft_documents_s3_url"


def test_reports_are_served_where_the_vars_say_so():
    assert "reports" in table({"reports": {"served": True, "servable": True}})["kinds"]


def test_a_legacy_prefix_goes_when_its_kind_is_no_longer_served():
    routes = table({"g7-draft-documents": {"served": False, "servable": True}})

    assert routes["legacy"] == []


@pytest.mark.parametrize("host", ["s3", "s3.eu-west-1", "s3.dualstack.eu-west-1"])
def test_every_name_that_s3_has_for_the_bucket_is_fine(host):
    url = f"https://digitalmarketplace-documents-preview-preview.{host}.amazonaws.com"

    assert table(urls={"documents_s3_url": url})["kinds"]["documents"]["url"] == url


@pytest.mark.parametrize(
    "url",
    [
        "https://digitalmarketplace-documents-production-production.s3.eu-west-1.amazonaws.com",  # another stage
        "https://digitalmarketplace-agreements-preview-preview.s3.eu-west-1.amazonaws.com",  # a private bucket
        "https://digitalmarketplace-documents-preview-preview.s3.eu-west-2.amazonaws.com",  # another region
        "https://digitalmarketplace-documents-preview-preview.s3.eu-west-1.amazonaws.com.example",
        "https://digitalmarketplace-documents-preview-preview.s3.eu-west-1.amazonaws.com/",
        "https://digitalmarketplace-documents-preview-preview.s3.eu-west-1.amazonaws.com?acl",
        "https://digitalmarketplace-documents-preview-preview.s3.eu-west-1.amazonaws.com\n",
        "https://s3.eu-west-1.amazonaws.com/digitalmarketplace-documents-preview-preview",
        "https://user:secret@digitalmarketplace-documents-preview-preview.s3.eu-west-1.amazonaws.com",
    ],
)
def test_a_url_that_is_not_this_stages_bucket_is_refused_by_the_name_of_its_variable(url):
    with pytest.raises(
        AnsibleFilterError, match="documents_s3_url is not the address of this stage's bucket"
    ) as raised:
        table(urls={"documents_s3_url": url})

    assert "secret" not in raised.value.message


@pytest.mark.parametrize("kind", ["submissions", "agreements", "logs"])
def test_the_url_of_a_private_kind_is_checked_too(kind):
    with pytest.raises(AnsibleFilterError, match=f"{kind}_s3_url is not https"):
        table(urls={f"{kind}_s3_url": "http://example.com"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"urls": {"documents_s3_url": "http://x"}}, "documents_s3_url is not https; allowed is https://digitalm"),
        ({"urls": {"documents_s3_url": 3}}, "documents_s3_url must be a string, got int"),
        ({"urls": {"documents_s3_url": None}}, "documents_s3_url must be a string, got NoneType"),
        (
            {"urls": {"documnts_s3_url": "https://x"}},
            "documnts_s3_url belongs to no declared kind; declared are documents",
        ),
        (
            {"kinds": {"agreements": {"served": True, "servable": False}}},
            "agreements_s3_url belongs to agreements, which is private but marked as served; allowed is served: false",
        ),
        (
            {"kinds": {"agreements": {"served": "legacy"}}},
            "agreements_s3_url belongs to agreements, which is private but marked as served",
        ),
        (
            {"kinds": {"reports": {"served": "yes", "servable": True}}},
            "served is 'yes'; allowed are true, false and legacy",
        ),
        ({"kinds": {"refused": {"served": True, "servable": True}}}, "'refused' cannot be part of a URL"),
        ({"kinds": {"a/b": {"served": True, "servable": True}}}, "'a/b' cannot be part of a URL"),
        ({"catch_all": "agreements"}, "assets_router_catch_all is 'agreements'; allowed are '' and the served kinds"),
        ({"catch_all": "g7-draft-documents"}, "assets_router_catch_all is 'g7-draft-documents'"),
        ({"legacy": [{"prefix": "/g-cloud-7", "kind": "documents"}]}, "legacy item 0: '/g-cloud-7' must be whole path"),
        ({"legacy": [{"prefix": "/../", "kind": "documents"}]}, "legacy item 0"),
        ({"legacy": [{"prefix": "/x/", "kind": "nothing"}]}, "legacy item 0: 'nothing' is no kind"),
        ({"stage": "Preview"}, "has .P. at position 30; allowed are a-z"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_variable_and_what_is_allowed(arguments, said):
    with pytest.raises(AnsibleFilterError, match=said):
        table(**arguments)


def test_a_served_kind_without_its_variable_is_refused():
    urls = {key: url for key, url in URLS.items() if key != "communications_s3_url"}

    with pytest.raises(AnsibleFilterError, match=r"communications_s3_url is not set in vars/preview.yml"):
        route(KINDS, urls, stage="preview")


def test_a_private_kind_needs_no_variable():
    urls = {key: url for key, url in URLS.items() if key != "agreements_s3_url"}

    assert "agreements" in asset_routes(KINDS, urls, "preview")["refused"]


def test_the_input_is_left_as_it_was():
    kinds, urls = copy.deepcopy(KINDS), copy.deepcopy(URLS)
    asset_routes(kinds, urls, "preview", legacy=LEGACY)
    assert (kinds, urls) == (KINDS, URLS)
