"""Proven samples per second of step 02, and its peak memory.

    python benchmarks/generation.py --config config/config.yaml repository.url=../my-project

Reads the analysis that step 01 left for that configuration; writes its samples to a temporary folder. Prints one table
row per number of processes: samples written, seconds (wall, and CPU of all processes), samples per second, memory.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.config_manager import load_config
from utils.console import EXIT_DONE, run, stage_parser
from utils.generation.inputs import read_analysis
from utils.generation.pipeline import generate


def main(argv: Sequence[str] | None = None) -> int:
    """Time step 02 with one process and with one per core."""
    parser = stage_parser(__doc__ or "")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="numbers of processes to try")
    arguments = parser.parse_args(argv)
    config = load_config(arguments.config, arguments.overrides)
    analysis, elements = read_analysis(config.analysis_dir)
    print(f"{config.repo_name}: {len(analysis.files)} files, {len(elements):,} elements")
    print("| processes | samples | seconds | CPU seconds | samples/s | peak MiB (parent + largest child) |")
    print("|---|---|---|---|---|---|")
    for workers in arguments.workers:
        with tempfile.TemporaryDirectory() as folder:
            started, used = time.monotonic(), _cpu_seconds()
            report = generate(
                config.checkout_dir, analysis, elements, config.generation, config.repo_name, config.seed,
                Path(folder), workers,
            )  # fmt: skip
            seconds, burnt = time.monotonic() - started, _cpu_seconds() - used
        samples = sum(report.counts["by_split"].values())
        print(
            f"| {workers} | {samples:,} | {seconds:.1f} | {burnt:.1f} | {samples / seconds:,.0f} | {_peak_mib():,.0f} |"
        )
    return EXIT_DONE


def _cpu_seconds() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _peak_mib() -> float:
    return sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


if __name__ == "__main__":
    run(main)
