"""What no one asks about is not asked."""

from __future__ import annotations

from pathlib import Path

from utils.analysis.pipeline import analyze
from utils.generation.facts import Context
from utils.generation.pipeline import all_facts
from utils.records import Provenance

SOURCE = """\
import logging

__all__ = ["serve"]
logger = logging.getLogger(__name__)
PORT = 80


def serve():
    def loop():
        return PORT
    return loop


class Server:
    def __repr__(self):
        return "server"


if __name__ == "__main__":
    name = "world"

    def run():
        serve()
"""


def test_loggers_and_what_only_a_script_defines_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "web.py").write_text(SOURCE)
    analysis, elements = analyze(tmp_path, "web", Provenance("web", None, False, "0"), workers=1)
    context = Context("web", analysis, elements, include_tests=False, root=tmp_path)
    asked = {fact.element: fact.public for fact in all_facts(context)}
    assert not {"web.logger", "web.__all__", "web.name", "web.run"} & asked.keys()
    assert asked["web.PORT"]
    assert asked["web.serve"]
    assert not asked["web.serve.loop"]
    assert not asked["web.Server.__repr__"]
