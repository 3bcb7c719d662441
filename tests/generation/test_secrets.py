"""No credential reaches a sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.generation.shop import build_shop
from utils.generation.pipeline import generate
from utils.generation.secrets import REDACTED, Secret, Secrets, scan_lines
from utils.records import Claim, CodeElement, Evidence, Message, Sample, SampleMetadata
from utils.settings import GenerationSettings

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


def make_sample(answer: str, line: int | None = None, claims: list[Claim] | None = None, fact: str = "f:x") -> Sample:
    evidence = [Evidence("app.py", line, line)] if line else []
    metadata = SampleMetadata("1", "api_usage", "en", "forward", fact, "w/en/00", None, claims or [], evidence, None)
    return Sample([Message("user", "How?"), Message("assistant", answer)], metadata)


def element(dotted: str, kind: str, start: int, end: int, docstring: str | None = None) -> CodeElement:
    name = dotted.rpartition(".")[2]
    lines = (start, start, end)
    return CodeElement(dotted, kind, name, "app", "app", "python", "app.py", *lines, "", docstring=docstring)  # type: ignore[arg-type]


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
    key = element("app.App.secret_key", "attribute", 9, 9)
    secrets = Secrets([Secret("app.py", 3, "Secret Keyword", "secret_key")], [key])
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


def test_a_short_one_is_stopped_in_what_is_said_of_the_element_around_its_line() -> None:
    elements = [
        element("app", "module", 1, 30),
        element("app.PASS", "constant", 5, 5, "As in `x`."),
        element("app.connect", "function", 10, 12),
    ]
    found = [
        Secret("app.py", line, "Secret Keyword", value) for line, value in ((2, "a1b2"), (7, "c3d4"), (10, "e5f6"))
    ]
    secrets = Secrets(found, elements)
    for dotted, value in (("app", "a1b2"), ("app.PASS", "c3d4"), ("app.connect", "e5f6")):
        told = make_sample(f"It says “{value}”, 见{value}。", claims=[Claim("documented_as", dotted, "x")])
        assert [secret.value for secret in secrets.told_by(told)] == [value]
        asked = make_sample(f"See {value}.", fact=f"by_summary:{dotted}")
        assert [secret.value for secret in secrets.told_by(asked)] == [value]
        assert not secrets.told_by(make_sample(f"`is_{value}`", fact=f"explain:{dotted}"))
    assert not secrets.told_by(make_sample("e5f6 and c3d4", fact="explain:app"))


@pytest.mark.parametrize("way", ["drop", "redact"])
def test_no_family_of_questions_tells_a_short_credential(tmp_path: Path, way: str) -> None:
    (tmp_path / "shop" / "shop").mkdir(parents=True)
    (tmp_path / "shop" / "shop" / "vault.py").write_text(
        '"""The vault: use `password="v4ultw"` to enter it in an emergency."""\n\n'
        'DATABASE_PASSWORD = "hunter2"\n'
        'DATABASE = "postgres://admin:Pa55word@db.internal:5432/app"\n\n\n'
        "class Vault:\n"
        '    """A vault whose password = \'cl4ssy\' opens it in an emergency."""\n\n'
        '    token = "f1eldy"\n\n'
        '    def open_vault(self, user="root", password="letmein"):\n'
        '        """Open the vault with the password and the user that one has."""\n'
        "        if password == 's3same':\n"
        "            raise ValueError(user)\n"
        '        return self.connect_vault(user, token="q7w8e9")\n'
    )
    analysis, elements = build_shop(tmp_path / "shop")
    (tmp_path / "out").mkdir()
    settings = GenerationSettings(general_share=0.0, secrets=way)  # type: ignore[arg-type]
    report = generate(tmp_path / "shop", analysis, elements, settings, "shop", 42, tmp_path / "out", workers=1)
    assert {3, 4, 10, 12, 14, 16} <= {note["line"] for note in report.secrets}
    written = "".join((tmp_path / "out" / f"{split}.jsonl").read_text() for split in ("train", "val", "test"))
    values = ["v4ultw", "hunter2", "Pa55word", "cl4ssy", "f1eldy", "letmein", "s3same", "q7w8e9"]
    assert [value for value in values if value in written] == []
    assert "DATABASE_PASSWORD" in written


def test_every_line_of_a_private_key_is_one() -> None:
    key = ["MHcCAQEEIIJ1Zq0w7Kx3mZ9uKcQ0rN8y1tB5vX2sD4fG6hJ8kL0poAoGCCqGSM49", "AwEHoUQDQgAEb7Z2mN1kQ9rT5vX8=="]
    lines = [
        'PEM = """-----BEGIN EC PRIVATE KEY-----',
        "Proc-Type: 4,ENCRYPTED",
        "",
        *key,
        '-----END EC PRIVATE KEY-----"""',
        "",
        "class Credentials:",
        '    if "-----BEGIN RSA PRIVATE KEY-----" in text:',
        "        continue",
        'OTHER = ("-----BEGIN PRIVATE KEY-----\\n"',
        f'    b"{key[0][::-1]}\\n"',
    ]
    found = [(secret.line, secret.value) for secret in scan_lines("app.py", lines) if secret.kind == "Private Key"]
    assert found == [(4, key[0]), (5, key[1]), (12, key[0][::-1])]
    secrets = Secrets(scan_lines("app.py", lines))
    assert secrets.told_by(make_sample("\n".join(lines[:5])))
    assert not set(key) & set(secrets.redact(make_sample("\n".join(lines[:5]))).messages[1].content.split("\n"))


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ('password: str = "c0rrecthorse"', ["c0rrecthorse"]),
        ('    self.api_key: "str | None" = "c0rrecthorse"', ["c0rrecthorse"]),
        ("def f(user: str, password: Optional[str] = 'c0rrecthorse'):", ["c0rrecthorse"]),
        ('SECRET_KEY = b"c0rrecthorse"', ["c0rrecthorse"]),
        ('login("me", password="c0rrecthorse", token=rb"batterystaple1")', ["batterystaple1", "c0rrecthorse"]),
        ('SECRET_KEY = os.environ.get("SECRET_KEY", "c0rrecthorse")', ["c0rrecthorse"]),
        ('token = env("API_TOKEN", default=b"batterystaple1")', ["batterystaple1"]),
        ('requests.get(url, auth=("me", "c0rrecthorse"))', ["c0rrecthorse"]),
        ('if token: kind = "c0rrecthorse"', []),
        ('Rule("keyword", "c0rrecthorse")', []),
        ('config.get("password", "")', []),
        ('password: str = ""', []),
        ('assert password == other, "c0rrecthorse"', []),
    ],
)
def test_annotations_bytes_and_other_credentials_on_the_line_hide_none(line: str, values: list[str]) -> None:
    assert sorted({secret.value for secret in scan_lines("app.py", [line])}) == values
