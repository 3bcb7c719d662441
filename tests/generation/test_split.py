"""The split: no leak, probes that mean what they say, and nothing reshuffled by a change elsewhere."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.generation.near_duplicates import NearDuplicates, masked
from utils.generation.rows import Row, leaks, row_of
from utils.generation.split import place
from utils.records import Claim, Message, Sample, SampleMetadata

QUESTIONS = {
    "en": ["Where is `{}` defined?", "Which file holds `{}`?", "Give me the path of `{}`.", "`{}`: what file?",
           "In which module file does `{}` live?", "Show me where to edit `{}`.", "Point me to `{}`.", "Who has `{}`?"],
    "zh": ["`{}` 定义在哪里？", "哪个文件包含 `{}`？", "请给出 `{}` 的路径。", "`{}` 在哪个文件？",
           "想修改 `{}`，该打开什么？", "告诉我 `{}` 的位置。", "带我去看 `{}`。", "`{}` 属于谁？"],
}  # fmt: skip
KEPT = {6, 7}


def rows_about(names: list[str], family: str = "location", task: str = "code_location") -> list[Row]:
    made = []
    for name in names:
        for language, questions in QUESTIONS.items():
            for number, question in enumerate(questions):
                subject = f"pkg.mod.{name}"
                made.append(
                    Row(
                        id=f"{family}-{name}-{language}-{number}",
                        fact=f"{family}:{subject}",
                        wording=f"{family}/{language}/{number:02d}",
                        language=language,
                        task=task,  # type: ignore[arg-type]
                        direction="reverse" if family == "file_contents" else "forward",
                        question=family + " " + question.format(name),
                        kept=number in KEPT,
                        tells=((subject, "pkg/mod.py"),) if task == "code_location" else (),
                        names=(subject,),
                    )
                )
    return made


NAMES = [f"name_{number}" for number in range(300)]
ROWS = [
    *rows_about(NAMES),
    *rows_about(NAMES[:150], "file_contents"),
    *rows_about([f"ghost_{number}" for number in range(80)], "absent", "absent_symbol"),
    *rows_about([f"json_{number}" for number in range(80)], "general", "general_knowledge"),
]
PLACED = place(ROWS, 42)


def of(split: str | None) -> list[Row]:
    return [row for row in ROWS if PLACED[row.id].split == split]


def test_nothing_leaks_and_every_row_has_a_place() -> None:
    assert set(PLACED) == {row.id for row in ROWS}
    assert leaks(PLACED, ROWS) == []
    train = {row.unit for row in of("train")}
    assert not train & {row.unit for row in [*of("val"), *of("test")]}


def test_a_leak_would_be_seen() -> None:
    twin = ROWS[0]._replace(id="twin")
    other = "test" if PLACED[ROWS[0].id].split == "train" else "train"
    placed = {**PLACED, "twin": PLACED[ROWS[0].id]._replace(split=other)}
    assert leaks(placed, [*ROWS, twin]) == ([" ".join(ROWS[0].unit)] if PLACED[ROWS[0].id].split else [])


@pytest.mark.parametrize("probe", ["unseen_fact", "cross_language"])
@pytest.mark.parametrize("inner", ["", ".run"])
def test_a_leak_by_a_sample_about_something_else_would_be_seen(probe: str, inner: str) -> None:
    tested = next(row for row in of("test") if PLACED[row.id].probe == probe)
    trained = next(row for row in of("train") if row.language == tested.language)
    teller = trained._replace(id="teller", fact="topic:word", names=(trained.subject, tested.subject + inner))
    placed = {**PLACED, "teller": PLACED[trained.id]}
    assert leaks(placed, [*ROWS, teller]) == [f"{tested.subject} {probe} {tested.language}"]
    other = next(row.language for row in ROWS if row.language != tested.language)
    elsewhere = leaks(placed, [*ROWS, teller._replace(language=other)])
    assert elsewhere == ([f"{tested.subject} {probe} {other}"] if probe == "unseen_fact" else [])


def test_the_shares_are_about_80_10_10() -> None:
    counts = Counter(each.split for each in PLACED.values() if each.split)
    whole = sum(counts.values())
    assert 0.76 <= counts["train"] / whole <= 0.84
    assert 0.07 <= counts["val"] / whole <= 0.13
    assert 0.08 <= counts["test"] / whole <= 0.14


def test_wordings_kept_for_testing_are_never_trained_on() -> None:
    assert not any(row.kept for row in of("train"))


def test_each_probe_means_what_it_says() -> None:
    trained = {(row.fact, row.language) for row in of("train")}
    facts = {fact for fact, _ in trained}
    told = {element for row in [*of("train"), *of("val")] for element in row.names}
    told_in = {(element, row.language) for row in [*of("train"), *of("val")] for element in row.names}
    for row in of("test"):
        probe = PLACED[row.id].probe
        if probe in ("unseen_wording", "reverse"):
            assert row.kept
            assert (row.fact, row.language) in trained
            assert (probe == "reverse") == (row.direction == "reverse")
        elif probe == "cross_language":
            assert (row.fact, row.language) not in trained
            assert row.fact in facts
            assert (row.subject, row.language) not in told_in
        elif probe == "unseen_fact":
            assert row.subject not in told
        else:
            assert row.fact not in facts
            assert probe == ("general" if row.task == "general_knowledge" else "absent_symbol")
    assert all(each.probe is None for each in PLACED.values() if each.split != "test")


def test_every_probe_has_a_useful_number_of_rows() -> None:
    counts = Counter(PLACED[row.id].probe for row in of("test"))
    assert set(counts) == {"unseen_wording", "reverse", "cross_language", "unseen_fact", "absent_symbol", "general"}
    assert min(counts["unseen_wording"], counts["reverse"]) >= 80
    assert min(counts.values()) >= 40


def test_the_same_seed_gives_the_same_split_in_any_order_and_another_seed_another() -> None:
    assert place(ROWS[::-1], 42) == PLACED
    assert place(ROWS, 43) != PLACED


def test_one_more_file_does_not_reshuffle() -> None:
    more = place([*ROWS, *rows_about([f"new_{number}" for number in range(6)])], 42)
    moved = sum(1 for row in ROWS if more[row.id].split != PLACED[row.id].split)
    assert moved < 0.02 * len(ROWS)


def test_a_held_out_definition_takes_its_methods_with_it() -> None:
    rows = []
    for row in rows_about([f"Class_{number}" for number in range(60)]):
        method = row.subject + ".run"
        rows.append(row)
        rows.append(
            row._replace(id="m" + row.id, fact=f"location:{method}", tells=((method, "pkg/mod.py"),), names=(method,))
        )
    placed = place(rows, 42, 0.2)
    held = {row.subject for row in rows if placed[row.id].probe == "unseen_fact"}
    assert held
    for row in rows:
        if row.subject.removesuffix(".run") in {subject.removesuffix(".run") for subject in held}:
            assert placed[row.id].split in ("test", None)


def test_a_near_duplicate_of_a_training_question_is_left_out() -> None:
    train = rows_about(["alpha_one"])
    near = train[0]._replace(id="near", wording="location/en/99", kept=True, question=train[0].question + "!")
    assert place([*train, near], 42, 0.0)["near"].reason == "near_duplicate"


@st.composite
def repositories(draw: st.DrawFn) -> list[Row]:
    """Rows about definitions, of which some also name others: members of theirs, callers, neighbours."""
    names = [f"name_{number}" for number in range(draw(st.integers(4, 16)))]
    subjects = [f"pkg.mod.{name}{inner}" for name in names for inner in ("", ".run")]
    rows = []
    for row in [
        *rows_about(names),
        *rows_about(names, "callees", "code_relation"),
        *rows_about(names, "present", "absent_symbol"),
    ]:
        others = draw(st.lists(st.sampled_from(subjects), max_size=2))
        tells = tuple((each, "pkg/mod.py") for each in (row.subject, *others))
        rows.append(row._replace(tells=tells, names=(row.subject, *others)))
    return rows


@settings(max_examples=12, deadline=None)
@given(repositories(), st.integers(0, 5), st.sampled_from([0.0, 0.05, 0.3]))
def test_nothing_leaks_whatever_names_what(rows: list[Row], seed: int, share: float) -> None:
    placed = place(rows, seed, share)
    assert set(placed) == {row.id for row in rows}
    assert leaks(placed, rows) == []


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Where exactly is `run_all` defined in pkg now?", True),
        ("Where exactly is `stop_all` defined in pkg?", False),
        ("Which file has `run_all`?", False),
    ],
)
def test_near_duplicates_name_the_same_things_in_nearly_the_same_words(question: str, found: bool) -> None:
    index = NearDuplicates([("en", "Where exactly is `run_all` defined in pkg?")])
    assert index.has(("en", question)) is found


def test_masked_takes_the_names_out() -> None:
    assert masked("Where is `a_b` in `x/y.py`?") == (("a_b", "x/y.py"), "where is name in name")


def test_the_row_of_a_sample_knows_what_it_gives_away() -> None:
    claims = [Claim("defined_in", "m.f", "m.py"), Claim("contains", "m.py", "m.g"), Claim("is_a", "m.f", "function")]
    metadata = SampleMetadata(
        "1", "code_location", "en", "forward", "location:m.f", "location/en/06", None, claims, [], None
    )
    row = row_of(Sample([Message("user", "Where?"), Message("assistant", "There.")], metadata), {"location/en/06"})
    assert row.tells == (("m.f", "m.py"), ("m.g", "m.py"))
    assert row.names == ("m.f", "m.g")
    assert row.kept
    assert row.subject == "m.f"
