"""Exit codes and sentences: 2 for what a user can mend, a traceback for what is a bug."""

import errno
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tqdm import tqdm

from utils.console import Stage, UserError, duration, run


def code_of(main: object) -> object:
    with pytest.raises(SystemExit) as caught:
        run(main)  # type: ignore[arg-type]
    return caught.value.code


def raising(error: BaseException) -> object:
    def main() -> int:
        raise error

    return main


def test_a_users_mistake_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(raising(UserError("no such thing; run: make thing"))) == 2
    assert capsys.readouterr().err == "error: no such thing; run: make thing\n"


@pytest.mark.parametrize(
    ("arguments", "how"), [([], "again to go on"), (["--force"], "again without --force, which begins anew, to go on")]
)
def test_an_interrupted_run_says_how_it_goes_on(
    arguments: list[str], how: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["scripts/03_train_model.py", *arguments])
    assert code_of(raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == f"\ninterrupted; run the same command {how}\n"


def test_a_full_disk_is_the_users_to_mend(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(raising(OSError(errno.ENOSPC, "full", "/some/file"))) == 2
    assert "the disk is full while writing /some/file" in capsys.readouterr().err


def test_a_full_disk_is_known_behind_a_rust_library_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(lambda: Tokenizer(BPE()).save("/dev/full")) == 2
    assert "the disk is full" in capsys.readouterr().err


def test_a_folder_that_is_not_ours_is_the_users_to_mend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()

    def write() -> int:
        (tmp_path / "file" / "analysis").mkdir()
        return 0

    assert code_of(write) == 2
    assert f"{tmp_path}/file/analysis cannot be used (not a directory)" in capsys.readouterr().err
    assert code_of(raising(PermissionError(errno.EACCES, "denied", "/their/data"))) == 2
    assert "/their/data cannot be used (permission denied); mend that, or set paths.data" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 // 0)
    with pytest.raises(FileNotFoundError):
        run(raising(FileNotFoundError(errno.ENOENT, "no such file", "/ours")))


def test_success_is_exit_code_0() -> None:
    assert code_of(lambda: 0) == 0


def test_a_stage_says_what_goes_in_and_what_came_out(capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage("01 analyze", "/in", "/out")
    assert stage.done({"elements": 1234, "documented": "61 %"}, "python next.py") == 0
    first, last, after = capsys.readouterr().out.splitlines()
    assert first == "01 analyze: /in -> /out"
    assert last.startswith("01 analyze: 1,234 elements, documented 61 % in ")
    assert after == "next: python next.py"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.84, "0.8 s"), (42.4, "42 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations_read_like_a_person_would_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_an_error_stands_on_a_line_of_its_own_below_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> int:
        bar = tqdm(total=10, desc="training", leave=False, mininterval=0)
        bar.update(3)
        raise UserError("the bar was in the way")

    assert code_of(main) == 2
    assert capsys.readouterr().err.replace("\r", "\n").splitlines()[-1] == "error: the bar was in the way"
    assert not tqdm._instances


def test_another_processs_bar_does_not_share_the_errors_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    assert code_of(raising(UserError("rank 1 failed"))) == 2
    assert capsys.readouterr().err == "\nerror: rank 1 failed\n"
