"""No secret is observed."""

from __future__ import annotations

import pytest

from devenv.parity.covering import covered, fingerprint


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        ("@secret:S3_ROOT_PASSWORD@", "MINIO_ROOT_PASSWORD", "secret:S3_ROOT_PASSWORD"),
        ("postgresql://a:@secret:X@@h/d", "URL", "postgresql://a:secret:X@h/d"),
        ("hunter2", "ADMIN_PASSWORD", fingerprint("hunter2")),
        ("hunter2", "API_TOKEN", fingerprint("hunter2")),
        ("postgresql://a:hunter2@h/d", "URL", f"postgresql://a:{fingerprint('hunter2')}@h/d"),
        ("--password=hunter2", "", f"--password={fingerprint('hunter2')}"),
        ("--password=@secret:X@", "", "--password=secret:X"),
        ("lakehouse-flows", "AWS_ACCESS_KEY_ID", "lakehouse-flows"),
        ("http://s3:9000/a@b", "URL", "http://s3:9000/a@b"),
    ],
)
def test_secrets_are_told_by_name_or_fingerprint(value: str, name: str, expected: str) -> None:
    assert covered(value, name) == expected


def test_fingerprints_tell_secrets_apart_and_not_what_they_are() -> None:
    assert fingerprint("a") != fingerprint("b")
    assert "hunter2" not in fingerprint("hunter2")
