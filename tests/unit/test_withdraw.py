"""What a router's cache holds of a document is found by what S3 calls it."""

from ansible.module_utils.estate.assets.withdraw import of_document

KIND = "documents"


def test_every_spelling_and_epoch_of_it_is_found_and_nothing_else(tmp_path):
    keys = {
        "now": f"{KIND}/fw/documents/a b.pdf 17641",
        "before": f"{KIND}/fw/documents/a b.pdf 17640",
        "plus": f"{KIND}/ fw/documents/a+b.pdf 17641",
        "plus and more": f"{KIND}/ fw/documents/%61+b.pdf 17641",
        "other": f"{KIND}/fw/documents/a b.pdf.txt 17641",
        "a plus sign itself": f"{KIND}/fw/documents/a+b.pdf 17641",
        "another kind": f"x{KIND}/fw/documents/a b.pdf 17641",
    }
    (tmp_path / "a" / "bc").mkdir(parents=True)
    for name, key in keys.items():
        (tmp_path / "a" / "bc" / name).write_bytes(
            b"\x05\0\xff" * 100 + b"\nKEY: " + key.encode() + b"\nHTTP/1.1 200\r\n"
        )
    (tmp_path / "a" / "cut").write_bytes(b"\nKEY: ")

    found = {stored.file.name: stored.path for stored in of_document(tmp_path, KIND, "fw/documents/a b.pdf")}

    assert found == {
        "now": "",
        "before": "",
        "plus": "/fw/documents/a+b.pdf",
        "plus and more": "/fw/documents/%61+b.pdf",
    }
