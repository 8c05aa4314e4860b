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


PARTLY = {
    "communications": {"served": {"keys": ["*/communications/data/*", "x/communications/a b.pdf"]}, "servable": True}
}


def test_a_kind_of_which_some_keys_are_public_has_a_rule_for_each_and_one_for_the_others():
    rules = [rule for rule in table(PARTLY)["rules"] if "communications" in rule["about"] and "*" in rule["about"]]

    assert rules == [
        {
            "about": "/*/communications/…, */communications/data/*",
            "match": "(?:^(?=/[^/]+/communications/.)/.*/communications/data/.*"
            "|^%2B(?=/[^/]+/communications/.)/.*/communications/data/.*)$",
            "to": "communications",
        },
        {
            "about": "/*/communications/…, x/communications/a b.pdf",
            "match": r"(?:^(?=/[^/]+/communications/.)/x/communications/a[\x20\x2B]b\x2Epdf"
            r"|^%2B(?=/[^/]+/communications/.)/x/communications/a\x20b\x2Epdf)$",
            "to": "communications",
        },
        {"about": "/*/communications/…, others", "match": "^(?:%2B)?/[^/]+/communications/.", "to": "not_public"},
    ]


def test_a_stage_may_say_which_documents_are_public():
    routes = table(overrides={"documents": {"served": {"tag": {"public": "yes"}}}})

    assert routes["kinds"]["documents"]["tag"] == {"public": "yes"}
    assert routes["kinds"]["documents"]["keys"] == ["*"]


def test_a_kind_in_another_region_has_its_urls_there():
    host = "digitalmarketplace-documents-preview-preview.s3.eu-west-2.amazonaws.com"
    kinds = {"documents": {"served": True, "servable": True, "region": "eu-west-2"}}

    assert table(kinds, {"documents_s3_url": f"https://{host}"})["kinds"]["documents"]["host"] == host


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
            "buckets_kinds.reports.served is 'yes'; allowed are true, false, legacy, {keys",
        ),
        ({"kinds": {"refused": {"served": True, "servable": True}}}, "'refused' cannot be part of a URL"),
        ({"kinds": {"a/b": {"served": True, "servable": True}}}, "'digitalmarketplace-a/b-preview-preview' has '/'"),
        ({"kinds": {"reports": {"served": False, "servable": "false"}}}, "servable is 'false'; allowed are true and"),
        ({"overrides": {"agreements": {"servable": True}}}, "buckets_overrides.agreements.servable: whether a kind"),
        ({"overrides": {"agreements": {"served": True}}}, "agreements, which is private but marked as served"),
        ({"kinds": {"reports": {"served": {}, "servable": True}}}, "served is {}; allowed are"),
        ({"kinds": {"reports": {"served": {"key": []}, "servable": True}}}, "allowed are true, false, legacy"),
        ({"kinds": {"reports": {"served": {"keys": []}, "servable": True}}}, "keys must be a list of key patterns"),
        ({"kinds": {"reports": {"served": {"keys": "*"}, "servable": True}}}, "keys must be a list of key patterns"),
        ({"kinds": {"reports": {"served": {"keys": ["a?"]}, "servable": True}}}, "'a\\?' is no key pattern"),
        ({"kinds": {"reports": {"served": {"keys": ["/a"]}, "servable": True}}}, "'/a' is no key pattern"),
        ({"kinds": {"reports": {"served": {"tag": {}}, "servable": True}}}, "tag must be one name and its value"),
        ({"kinds": {"reports": {"served": {"tag": {"a": 1}}, "servable": True}}}, "tag must be one name and its value"),
        ({"legacy": [{"prefix": "/x/", "kind": "agreements"}]}, "agreements is not served, so nothing can be behind"),
        (
            {"legacy": [{"prefix": "/x/", "kind": "documents", "x": 1}]},
            "item 0 has prefix, kind, x; allowed are prefix",
        ),
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
