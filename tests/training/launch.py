"""Starting step 03 as a user does: alone, through the real launcher, on two nodes; and what it left behind."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file

from utils.console import ROOT
from utils.training.logs import read_log

SCRIPT = str(ROOT / "scripts" / "03_train_model.py")
INTERRUPTED = str(Path(__file__).with_name("interrupted.py"))
# settings with which one process, two and an interrupted run give the same
ALIKE = {"packing": False, "mixed_precision": False, "max_steps": 6, "evaluations": 2, "saves": 3, "warmup_ratio": 0.0}
DEADLINE = 600.0  # seconds: far beyond what any run takes, also on a busy machine


def environment(**more: str) -> dict[str, str]:
    """One thread per process, and no launcher's variables from around the tests."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    return {**inherited, "OMP_NUM_THREADS": "1", **more}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alone(*arguments: str, script: str = SCRIPT) -> list[str]:
    """The command that trains in one process."""
    return [sys.executable, script, *arguments]


def launched(processes: int, *arguments: str, port: int | None = None, script: str = SCRIPT) -> list[str]:
    """The command that trains through the real launcher."""
    launcher = [sys.executable, "-m", "deepspeed.launcher.runner", f"--num_gpus={processes}"]
    return [*launcher, f"--master_port={port or free_port()}", script, *arguments]


def run(command: Sequence[str], code: int = 0, **more: str) -> str:
    """Run it to its end from another folder, in a process group of its own; returns what it printed."""
    result = subprocess.run(
        command,
        cwd="/",
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        start_new_session=True,
    )
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout + result.stderr


def node(rank: int, hostfile: Path, address: str, port: int, *arguments: str) -> list[str]:
    """The command that a user types on node `rank`."""
    launcher = [sys.executable, "-m", "deepspeed.launcher.runner", f"--hostfile={hostfile}", "--no_ssh"]
    return [*launcher, f"--node_rank={rank}", f"--master_addr={address}", f"--master_port={port}", SCRIPT, *arguments]


def two_launchers_on_loopback(folder: Path, *arguments: str) -> str:
    """Train on two "nodes" that are this machine under two names; returns what they printed."""
    hostfile = _hostfile(folder, "localhost", "127.0.0.1")
    port = free_port()
    first, second = (shlex.join(node(rank, hostfile, "127.0.0.1", port, *arguments)) for rank in range(2))
    return run(["sh", "-euc", f"{first} & other=$!; {second}; wait $other"])


def two_network_namespaces(own: Sequence[str], folder: Path, *arguments: str) -> str:
    """Train on two nodes that share the files and a cable; `own` starts a shell that may make them."""
    hostfile = _hostfile(folder, "10.77.0.1", "10.77.0.2")
    first, second = (shlex.join(node(rank, hostfile, "10.77.0.1", 29500, *arguments)) for rank in range(2))
    script = f"""
        mount -t tmpfs none /run  # where ip keeps the names
        ip netns add one
        ip netns add two
        ip link add lan netns one type veth peer name lan netns two
        ip -n one addr add 10.77.0.1/24 dev lan
        ip -n two addr add 10.77.0.2/24 dev lan
        for name in one two; do ip -n $name link set lo up; ip -n $name link set lan up; done
        ip netns exec one {first} & other=$!
        ip netns exec two {second}
        wait $other
    """
    return run([*own, script], GLOO_SOCKET_IFNAME="lan")


def _hostfile(folder: Path, *hosts: str) -> Path:
    path = folder / "hostfile"
    path.write_text("".join(f"{host} slots=1\n" for host in hosts))
    return path


def in_own_namespace(*flags: str) -> list[str] | None:
    """The prefix that runs a shell script with namespaces of its own, None where the rights do not allow it."""
    if shutil.which("unshare") is None:
        return None
    prefix = ["unshare", "--user", "--map-root-user", "--mount", *flags, "sh", "-euc"]
    allowed = subprocess.run([*prefix, "mount -t tmpfs none /mnt"], capture_output=True, check=False)
    return prefix if allowed.returncode == 0 else None


def adapter(root: Path) -> dict[str, torch.Tensor]:
    """The trained weights below `root`."""
    return load_file(root / "output" / "shop" / "adapter" / "adapter_model.safetensors")


def final_losses(root: Path) -> list[float]:
    """The loss of every step."""
    log = read_log(root / "output" / "shop" / "adapter" / "training_log.jsonl")
    return [entry["loss"] for entry in log if "loss" in entry]
