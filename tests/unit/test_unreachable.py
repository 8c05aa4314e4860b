"""Public keys that no URL leads to are named, with why; nothing else is."""

from ansible.module_utils.estate.assets.resolve import path_of, resolve_asset
from ansible.module_utils.estate.assets.unreachable import unreachable
from asset_routes import asset_routes
from hypothesis import given
from hypothesis import strategies as st

from tests.support.assets import KINDS, LEGACY, URLS

PARTLY = {**KINDS, "communications": {"served": {"keys": ["*/communications/data/*"]}, "servable": True}}
ROUTES = asset_routes(PARTLY, URLS, "preview", legacy=LEGACY)


def found(kind, *keys):
    return dict(unreachable(keys, kind, ROUTES))


def test_what_has_no_url_is_named_with_why():
    assert found(
        "documents", "fw/documents/a.pdf", "fw/documents/a\\b.pdf", "fw/documents//a.pdf", "fw/documents/", "fw/a.pdf",
        "fw/documents/../a.pdf", "fw/documents/a\nb.pdf", "fw/agreements/a.pdf", "g-cloud-7/documents/a.pdf",
    ) == {
        "fw/documents/a\\b.pdf": "the path has no one reading: '\\\\' is encoded",
        "fw/documents//a.pdf": "the path has no one reading: an element is empty",
        "fw/documents/": "the path has no one reading: an element is empty",
        "fw/a.pdf": "the second element is no kind that is served",
        "fw/documents/../a.pdf": "the path has no one reading: an element is '..'",
        "fw/documents/a\nb.pdf": "the path has no one reading: a control character is encoded",
        "fw/agreements/a.pdf": "agreements is not served by the second element of a path",
        "g-cloud-7/documents/a.pdf": "its URL leads to digitalmarketplace-g7-draft-documents-preview-preview",
    }  # fmt: skip


def test_what_is_private_and_what_the_proofs_left_is_not_looked_at():
    assert found("communications", "fw/communications/updates/a\\b.pdf", "estate-canary.txt") == {}
    assert found("communications", "fw/communications/data/a\\b.pdf")
    assert found("documents", "assets-router-canary/private-documents/canary.txt") == {}


@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/\\"), min_size=1).filter(
        lambda s: s not in (".", "..")
    )
)
def test_any_name_without_slashes_and_controls_has_a_url(name):
    key = f"fw/documents/{name}"

    assert resolve_asset(path_of(key), ROUTES)["key"] == key
