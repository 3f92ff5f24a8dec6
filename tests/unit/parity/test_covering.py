"""No secret is observed."""

from __future__ import annotations

import pytest

from devenv.parity.covering import covered, covered_words, fingerprint

QUOTED = "'hunter2'"
DOUBLY_QUOTED = '"hunter2"'


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
        ("hunter2", "PREFECT_API_KEY", fingerprint("hunter2")),
        ("admin:hunter2", "PREFECT_SERVER_API_AUTH_STRING", fingerprint("admin:hunter2")),
        ("hunter2", "FERNET_KEY", fingerprint("hunter2")),
        ("", "PREFECT_API_KEY", ""),
        ("@secret:X@hunter2", "ADMIN_PASSWORD", fingerprint("@secret:X@hunter2")),
        ("redis://:hunter2@redis:6379", "URL", f"redis://:{fingerprint('hunter2')}@redis:6379"),
        ("redis://:hun@ter2@redis:6379", "URL", f"redis://:{fingerprint('hun@ter2')}@redis:6379"),
        ("FERNET_KEY=hunter2", "", f"FERNET_KEY={fingerprint('hunter2')}"),
        ("--api-key=hun ter2", "", f"--api-key={fingerprint('hun ter2')}"),
        ("sh --password hunter2 -x", "", f"sh --password {fingerprint('hunter2')} -x"),
        ("sh --password @secret:X@", "", "sh --password secret:X"),
        ("sh --token -x", "", "sh --token -x"),
        ("api_key: 'hunter2' x", "", f"api_key: {fingerprint(QUOTED)} x"),
        (
            '{"env":{"PREFECT_API_KEY":"hunter2","URL":"http://:hunter2@h"}}',
            "",
            f'{{"env":{{"PREFECT_API_KEY":{fingerprint(DOUBLY_QUOTED)},"URL":"http://:{fingerprint("hunter2")}@h"}}}}',
        ),
        ("monkey=1 s3-key", "", "monkey=1 s3-key"),
        ("http://s3:9000/?mail=a@b", "URL", "http://s3:9000/?mail=a@b"),
        ("http://s3:9000/a@b", "URL", "http://s3:9000/a@b"),
    ],
)
def test_secrets_are_told_by_name_or_fingerprint(value: str, name: str, expected: str) -> None:
    assert covered(value, name) == expected


def test_fingerprints_tell_secrets_apart_and_not_what_they_are() -> None:
    assert fingerprint("a") != fingerprint("b")
    assert "hunter2" not in fingerprint("hunter2")


def test_the_word_behind_a_flag_is_covered() -> None:
    words = ["server", "--password", "hunter2", "--token", "-v", "x", "--secret", "@secret:X@", "hunter2"]
    told = ["server", "--password", fingerprint("hunter2"), "--token", "-v", "x", "--secret", "secret:X"]
    assert list(covered_words(words)) == [*told, "hunter2"]
