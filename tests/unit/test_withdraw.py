"""What a router's cache holds of a document is found by what S3 calls it."""

from ansible.module_utils.estate.assets.withdraw import of_document

HOST = "digitalmarketplace-documents-preview-preview.s3.eu-west-1.amazonaws.com"


def test_every_spelling_and_epoch_of_it_is_found_and_nothing_else(tmp_path):
    keys = {
        "now": f"{HOST}/fw/documents/a b.pdf 17641",
        "before": f"{HOST}/fw/documents/a b.pdf 17640",
        "plus": f"{HOST}/ fw/documents/a+b.pdf 17641",
        "plus and more": f"{HOST}/ fw/documents/%61+b.pdf 17641",
        "other": f"{HOST}/fw/documents/a b.pdf.txt 17641",
        "a plus sign itself": f"{HOST}/fw/documents/a+b.pdf 17641",
        "other bucket": f"x{HOST}/fw/documents/a b.pdf 17641",
    }
    (tmp_path / "a" / "bc").mkdir(parents=True)
    for name, key in keys.items():
        (tmp_path / "a" / "bc" / name).write_bytes(
            b"\x05\0\xff" * 100 + b"\nKEY: " + key.encode() + b"\nHTTP/1.1 200\r\n"
        )
    (tmp_path / "a" / "cut").write_bytes(b"\nKEY: ")

    found = {stored.file.name: stored.path for stored in of_document(tmp_path, HOST, "fw/documents/a b.pdf")}

    assert found == {
        "now": "",
        "before": "",
        "plus": "/fw/documents/a+b.pdf",
        "plus and more": "/fw/documents/%61+b.pdf",
    }
