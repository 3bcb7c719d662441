"""What several files of tests start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training import launch, micro


@pytest.fixture(scope="module")
def one_process(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("one")
    told = launch.run(launch.alone("--config", str(micro.save_config(root, **launch.ALIKE, batch_size=4))))
    assert "next: python" in told
    assert "padding" in told
    return root
