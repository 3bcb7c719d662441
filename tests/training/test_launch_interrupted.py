"""The real launcher and the real script, interrupted: kills, a full disk, and how the next run goes on."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path

import pytest
import torch

from tests.training import launch, micro
from tests.training.launch import ALIKE, adapter, final_losses
from utils.artifacts import open_artifact
from utils.records import ADAPTER_SCHEMA

pytestmark = pytest.mark.slow
FULL = "420k"  # room for the first checkpoint and not for the second


def test_a_run_killed_while_it_saves_goes_on_and_ends_as_if_nothing_had_been(one_process: Path, tmp_path: Path) -> None:
    arguments = "--config", str(micro.save_config(tmp_path, **ALIKE, batch_size=2))
    killed = launch.launched(2, *arguments, script=launch.INTERRUPTED)
    launch.run(killed, code=-signal.SIGKILL, MOMENT="half a shard of checkpoint 4")
    told = launch.run(killed, code=-signal.SIGKILL, MOMENT="checkpoint 6 unmarked")
    assert "checkpoint-2 of the interrupted run" in told
    told = launch.run(launch.launched(2, *arguments))
    assert "checkpoint-4 of the interrupted run" in told
    assert final_losses(tmp_path) == pytest.approx(final_losses(one_process), rel=1e-5)
    for name, tensor in adapter(tmp_path).items():
        assert torch.allclose(tensor, adapter(one_process)[name], atol=1e-5), name
    manifests = [open_artifact(root / "output/shop/adapter", ADAPTER_SCHEMA, "-") for root in (tmp_path, one_process)]
    assert manifests[0].counts == manifests[1].counts


def test_a_run_killed_after_it_stopped_early_does_not_train_on(tmp_path: Path) -> None:
    patient = {**ALIKE, "evaluations": 6, "early_stopping_patience": 1, "learning_rate": 1e-12, "saves": 1}
    arguments = "--config", str(micro.save_config(tmp_path, **patient))
    killed = launch.alone(*arguments, script=launch.INTERRUPTED)
    launch.run(killed, code=-signal.SIGKILL, MOMENT="before the adapter is written")
    told = launch.run(launch.alone(*arguments))
    assert "checkpoint-2 of the interrupted run" in told
    assert "stopped early, at step 2" in told
    assert len(final_losses(tmp_path)) == 2


def test_a_full_disk_leaves_the_older_checkpoint_to_go_on_from(one_process: Path, tmp_path: Path) -> None:
    own = launch.in_own_namespace()
    if own is None:
        pytest.skip("mounting a small disk needs user namespaces")
    train = shlex.join(launch.launched(2, "--config", str(micro.save_config(tmp_path, **ALIKE, batch_size=2))))
    output, kept = tmp_path / "output", tmp_path / "kept"
    output.mkdir()
    script = f"""
        mount -t tmpfs -o size={FULL} none {output}
        {train} && exit 1 || echo "exit code $?"
        mount -o remount,size=64m {output}
        {train}
        cp -r {output} {kept}
    """
    told = launch.run([*own, script])
    output.rmdir()
    kept.rename(output)
    _, _, again = told.partition("exit code 2")
    assert again, told
    assert "error: the disk is full" in told
    assert "Traceback" not in told
    assert "checkpoint-2 of the interrupted run" in again
    assert final_losses(tmp_path) == pytest.approx(final_losses(one_process), rel=1e-5)
