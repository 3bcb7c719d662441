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
from difflib import get_close_matches
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.config_manager import Config, load_config
from utils.console import EXIT_DONE, UserError, config_parser, relative, run


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
    """True for `section.key=value` of a section that exists: a question may hold an equals sign, too.

    Raises `UserError` for a word of that form whose section does not exist: as part of a question it would vanish.
    """
    match = re.match(r"([a-z_]+)((?:\.[a-z_]+)*)=", word)
    if match is None or match[1] in Config.__struct_fields__:
        return match is not None
    if match[2] and " " not in word:
        close = get_close_matches(match[1], Config.__struct_fields__, n=1)
        meant = f" (did you mean {close[0]}{match[2]}?)" if close else ""
        raise UserError(f"{match[1]}{match[2]} is not a setting{meant}; put quotation marks around the whole question")
    return False


if __name__ == "__main__":
    run(main)
