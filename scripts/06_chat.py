"""Ask the fine-tuned model about the repository: one question, or a conversation.

    python scripts/06_chat.py "Where is load_config defined?"
    python scripts/06_chat.py
    python scripts/06_chat.py --config config/demo.yaml "Where is load_config defined?" evaluation.max_new_tokens=100

Reads  output/<repo>/merged/ (04), or the base model and output/<repo>/adapter/ (03) where nothing was merged, or asks
       the server in evaluation.server
Writes output/<repo>/chat/answers.jsonl: every question and answer, one per line
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.config_manager import Config, load_config
from utils.console import EXIT_DONE, config_parser, relative, run


def main(argv: Sequence[str] | None = None) -> int:
    """Answer the question on the command line, or hold a conversation."""
    parser = config_parser(__doc__ or "")
    parser.add_argument("words", nargs="*", metavar="question", help="what to ask; section.key=value are settings")
    options = parser.parse_args(argv)
    overrides = [word for word in options.words if is_override(word)]
    question = " ".join(word for word in options.words if not is_override(word))
    config = load_config(options.config, overrides)

    from utils.evaluation.answering import open_answerer
    from utils.evaluation.chat import Conversation, chat, introduce, show

    log = config.chat_dir / "answers.jsonl"
    print(f"06 chat: {introduce(config)} (kept in {relative(log)})", flush=True)
    answerer = open_answerer(config, "finetuned")
    conversation = Conversation(answerer, config.repo_name, log, config.evaluation.max_new_tokens)
    if question.strip():
        show(conversation.ask(question))
    else:
        chat(conversation, config.chat_dir / "history")
    return EXIT_DONE


def is_override(word: str) -> bool:
    """True for `section.key=value` of a section that exists: a question may hold an equals sign, too."""
    match = re.match(r"([a-z_]+)(\.[a-z_]+)*=", word)
    return match is not None and match[1] in Config.__struct_fields__


if __name__ == "__main__":
    run(main)
