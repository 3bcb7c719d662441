"""The configuration refuses what it does not know, says everything at once, and keeps a user's comments."""

import errno
import os
import shlex
from pathlib import Path
from typing import Annotated, Any, Literal
from unittest.mock import Mock

import pytest
from msgspec import Meta

from utils.config_manager import Config, choices, load_config, main, name_from_url
from utils.console import DEFAULT_CONFIG, ROOT, UserError, relative

MINIMAL = "# run me\nrepository:\n  url: .  # the project\n  name: demo\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(MINIMAL)
    return path


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_every_shipped_config_is_valid_and_headed_by_its_command(path: Path) -> None:
    load_config(path)
    head = path.read_text(encoding="utf-8").split("\nrepository:")[0]
    assert "python scripts/" in head or "make demo" in head


def test_overrides_are_parsed_as_yaml_and_beat_the_file(config: Path) -> None:
    loaded = load_config(config, ["generation.languages=[zh]", "lora.r=8", "training.learning_rate=1e-4", "seed=7"])
    assert (loaded.generation.languages, loaded.lora.r, loaded.training.learning_rate, loaded.seed) == (
        ["zh"],
        8,
        1e-4,
        7,
    )


def test_the_next_command_is_given_what_this_one_was(config: Path) -> None:
    given = ["generation.languages=[en, zh]", "repository.url=https://me:secret@example.org/shop"]
    words = shlex.split(load_config(config, given).command("04_merge_weights"))
    assert words[0] == "python"
    assert words[1].endswith("scripts/04_merge_weights.py")
    assert words[2:4] == ["--config", relative(config)]
    assert words[4:] == [given[0], "repository.url=https://example.org/shop"]


def test_the_default_config_is_left_unsaid() -> None:
    command = load_config(DEFAULT_CONFIG).command("03_train_model", "deepspeed --num_gpus=2")
    assert command == f"deepspeed --num_gpus=2 {relative(ROOT / 'scripts/03_train_model.py')}"


def test_all_mistakes_are_reported_at_once_by_dotted_path(config: Path) -> None:
    wrong = ["lora.r=abc", "training.epoch=2", "evaluation.batch_size=0", "nonsense.key=1", "merge=null"]
    wrong += ["evaluation.retrieval.chunks=1.5", "generation.task_shares={api_usage: 0.5}", "repository.languages=[C]"]
    with pytest.raises(UserError) as caught:
        load_config(config, wrong)
    for told in (
        "lora.r: expected `int`, not 'abc'",
        "training.epoch is not a setting (did you mean epochs?)",
        "evaluation.batch_size: expected `int` >= 1, not 0",
        "nonsense is not a setting",
        "merge: expected a section, not None",
        "evaluation.retrieval.chunks: expected `int`, not 1.5",
        "generation.task_shares: the shares must be 0 or more and add up to 1, not 0.5",
        "repository.languages: expected one of python, not 'C'",
    ):
        assert told in str(caught.value)


def test_settings_that_do_not_go_together_are_refused(config: Path) -> None:
    with pytest.raises(UserError, match=r"training\.quantization=4bit needs model\.device=cuda$"):
        load_config(config, ["training.quantization=4bit", "model.device=cpu"])


def test_a_copy_keeps_what_is_not_replaced_and_the_command_it_came_from(config: Path) -> None:
    loaded = load_config(config, ["lora.r=8"])
    copy = loaded.replaced(seed=7)
    assert (copy.seed, copy.lora) == (7, loaded.lora)
    assert copy.command("04_merge_weights") == loaded.command("04_merge_weights")
    assert Config.from_data(copy.as_data()) == copy


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        (Literal["a", "b"], ("a", "b")),
        (Literal["a", "b"] | None, ("a", "b")),
        (Annotated[list[Literal["a", "b"]], Meta(min_length=1)], ("a", "b")),
        (int | None, ()),
        (list[str], ()),
    ],
)
def test_the_choices_of_a_setting_are_found_in_its_type(kind: Any, known: tuple[str, ...]) -> None:
    assert choices(kind) == known


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("training.schedule=cosin", "training.schedule: expected one of cosine, linear, constant, not 'cosin'"),
        ("training.report_to=[wandb, mlflow]", "training.report_to: expected one of tensorboard, wandb, not 'mlflow'"),
        ("training.report_to=wandb", "training.report_to: expected `array`, not 'wandb'"),
        ("repository.languages=[]", "repository.languages: expected `array` of length >= 1, not []"),
        ("merge.export=no", "merge.export: expected one of none, gguf, not False"),
        ("generation.minimum={foo: 5}", "minimum: unknown task foo; known: code_explanation, api_usage"),
        ("generation.minimum={code_relation: 5}", "minimum: unknown task code_relation"),
        ("generation.task_shares={}", "the shares must be 0 or more and add up to 1, not 0"),
        ("generation.task_shares={api_usage: .nan}", "the shares must be 0 or more and add up to 1, not nan"),
        ("generation.private_weight=.nan", "generation.private_weight: expected `float` >= 0.0, not nan"),
        ('repository.name="demo\\n"', "repository.name"),
        ("repository.revision=2024-13-01", "'repository.revision=2024-13-01' has a value that is not YAML: month must"),
    ],
)
def test_a_wrong_value_is_told_what_is_right(config: Path, override: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        load_config(config, [override])
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("repository:\n  url: .\n  revision: 2024-13-01\n", "not valid YAML: month must be in 1..12"),
        ("repository: [", "not valid YAML"),
        (MINIMAL + "seed: 1\nrepository:\n  url: ..\n", "line 6 has the key `repository` again, after line 2"),
        (MINIMAL + "lora:\n  r: 8\n  alpha: 16\n  'r': 4\n", "line 8 has the key `r` again, after line 6"),
        ("- a\n- b\n", "no `repository:` section"),
        ("repository:\n  name: x\n", "repository.url"),
        ("repository:\n  url: .\n  name: ../evil\n", "repository.name"),
    ],
)
def test_a_broken_file_is_one_sentence(config: Path, text: str, told: str) -> None:
    config.write_text(text)
    with pytest.raises(UserError, match=r"config\.yaml") as caught:
        load_config(config)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no config at .*absent\.yaml"):
        load_config(tmp_path / "absent.yaml")


def test_an_unreadable_file_is_one_sentence(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    denied = PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(config))
    monkeypatch.setattr(Path, "read_text", Mock(side_effect=denied))
    with pytest.raises(UserError, match=r"config\.yaml cannot be read as YAML text: .*Permission denied"):
        load_config(config)


@pytest.mark.parametrize("override", ["lora.r", "=3", "lora.r=[1", "lora={r: 1, r: 2}"])
def test_a_malformed_override_is_refused(config: Path, override: str) -> None:
    with pytest.raises(UserError, match="override"):
        load_config(config, [override])


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/pallets/flask.git", "flask"),
        ("git@github.com:owner/some.thing.git", "some.thing"),
        ("ssh://host/owner/name/", "name"),
        ("/tmp/My Project", "My_Project"),
    ],
)
def test_the_name_is_the_last_part_of_the_url(url: str, name: str) -> None:
    assert name_from_url(url) == name


def test_pointing_at_a_repository_keeps_comments_and_other_settings(config: Path, tmp_path: Path) -> None:
    config.write_text(MINIMAL + "lora:\n  r: 8  # small\n")
    (tmp_path / "project").mkdir()
    assert main([str(tmp_path / "project"), "--config", str(config), "--revision", "v1"]) == 0
    text = config.read_text()
    assert "# run me" in text
    assert "# small" in text
    loaded = load_config(config)
    assert (loaded.repository.url, loaded.repo_name) == (str(tmp_path / "project"), "project")
    assert (loaded.repository.revision, loaded.lora.r) == ("v1", 8)


def test_a_bad_name_leaves_the_file_as_it_was(config: Path) -> None:
    with pytest.raises(UserError, match=r"repository\.name"):
        main(["https://example.com/a/b", "--name", "no spaces allowed", "--config", str(config)])
    assert config.read_text() == MINIMAL
    assert list(config.parent.iterdir()) == [config]


def test_a_file_with_a_key_twice_is_not_edited(config: Path) -> None:
    text = MINIMAL + "seed: 1\nseed: 2\n"
    config.write_text(text)
    with pytest.raises(UserError, match="is not valid YAML: line 6 has the key `seed` again, after line 5"):
        main(["https://example.com/a/b", "--config", str(config)])
    assert config.read_text() == text


def test_a_section_may_extend_another_and_give_a_key_of_its_own(config: Path) -> None:
    twice = load_config(config, ["generation.minimum={<<: {api_usage: 1, code_location: 2}, api_usage: 3}"])
    assert twice.generation.minimum == {"api_usage": 3, "code_location": 2}


def test_what_is_neither_address_nor_folder_is_refused(config: Path) -> None:
    with pytest.raises(UserError, match="neither a git address nor a folder"):
        main(["no/such/folder", "--config", str(config)])
