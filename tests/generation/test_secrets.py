"""No credential reaches a sample."""

from __future__ import annotations

import pytest

from utils.generation.secrets import REDACTED, Secret, Secrets, scan_lines
from utils.records import Claim, Evidence, Message, Sample, SampleMetadata

# Put together at run time, so that no scanner trips over this file.
AWS = "AKIA" + "IOSFODNN7EXAMPLQ"
GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
LINES = [
    "import os",
    f'AWS_KEY = "{AWS}"',
    "def connect(password='hunter2x'):",
    f"    header = 'token {GITHUB}'",
    'URL = "postgres://admin:s3cr3tpw@db/main"',
    "-----BEGIN RSA PRIVATE KEY-----",
    "MIIEpAIBAAKCAQEA1c7" + "9z5Pad7OejecsQ0bu3aumTpY2ZJ8q3cJ1p8n0PXcVY",
    'name = os.environ["API_KEY"]',
    'password: str = ""',
    "token_count = len(tokens)",
]


def make_sample(answer: str, line: int | None = None, claims: list[Claim] | None = None) -> Sample:
    evidence = [Evidence("app.py", line, line)] if line else []
    metadata = SampleMetadata(
        "1", "api_usage", "en", "forward", "f:x", "w/en/00", None, claims or [], evidence, None
    )  # fmt: skip
    return Sample([Message("user", "How?"), Message("assistant", answer)], metadata)


@pytest.fixture(scope="module")
def secrets() -> Secrets:
    return Secrets(scan_lines("app.py", LINES))


def test_credentials_are_found_by_line_and_told_without_their_value(secrets: Secrets) -> None:
    told = secrets.notes()
    assert {2, 3, 4, 5, 7} <= {note["line"] for note in told}
    assert not {1, 8, 9, 10} & {note["line"] for note in told}
    assert AWS not in str(told)
    assert "hunter2x" not in str(told)


def test_a_long_credential_is_stopped_wherever_it_stands(secrets: Secrets) -> None:
    assert secrets.told_by(make_sample(f"Use `{AWS}`."))
    assert secrets.told_by(make_sample("Fine.", claims=[Claim("quotes", "b.py", [1, 1, GITHUB])]))
    assert not secrets.told_by(make_sample("Use `os.environ`."))


def test_a_name_of_the_repository_is_stopped_on_its_own_line_only() -> None:
    secrets = Secrets([Secret("app.py", 3, "Secret Keyword", "secret_key")], frozenset({"secret_key"}))
    assert not secrets.told_by(make_sample("`App.secret_key` is an attribute."))
    assert secrets.told_by(make_sample("`app.config(key='secret_key')`", line=3))


def test_a_short_one_is_stopped_where_its_line_is_quoted(secrets: Secrets) -> None:
    assert secrets.told_by(make_sample("`def connect(password='hunter2x')`", line=3))
    assert not secrets.told_by(make_sample("The word hunter2x.", line=1))


def test_redaction_leaves_neither_text_nor_claim(secrets: Secrets) -> None:
    claims = [Claim("has_signature", "app.AWS_KEY", f'AWS_KEY = "{AWS}"'), Claim("at_line", "app.AWS_KEY", 2)]
    clean = secrets.redact(make_sample(f'`AWS_KEY = "{AWS}"` at line 2', 2, claims))
    assert clean.messages[1].content == f'`AWS_KEY = "{REDACTED}"` at line 2'
    assert [claim.kind for claim in clean.metadata.claims] == ["at_line"]
    assert not secrets.told_by(clean)


def test_a_repository_without_credentials_stops_nothing() -> None:
    assert not Secrets([]).told_by(make_sample("anything", line=1))
