from __future__ import annotations

from local_aws import patch_table


def test_the_docs_have_the_table_that_the_patches_make():
    assert patch_table.table() in patch_table.DOCS.read_text(encoding="utf-8"), "write it: python -m local_aws patches"


def test_every_patch_says_what_it_closes_and_cites_awss_page():
    assert [name for name, closes, pages in patch_table.rows() if not pages or not closes.endswith(".")] == []
