"""A small but real base model, made on the spot: Qwen3's architecture and chat format, about 4 million parameters.

    python utils/tiny_base.py
    python utils/tiny_base.py --minutes 8 --force

It is pre-trained on Python's own standard library: its source text, and general questions about it in the wordings
that samples are trained in (never those kept for testing). So it speaks the chat format and knows of no repository.
Reads the standard library and config/templates, writes output/tiny_base; config/demo.yaml uses it.
"""

from __future__ import annotations

import argparse
import ast
import math
import os
import random
import sys
import sysconfig
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.artifacts import ArtifactWriter, is_current, sha256_file
from utils.chat_format import IGNORE_INDEX, Encoded, encode_sample
from utils.console import EXIT_DONE, ROOT, Stage, progress, run
from utils.cores import cores
from utils.model_io import TINY_BASE, cpu_has_bf16
from utils.records import BASE_SCHEMA, Message

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

T = TypeVar("T")
VOCABULARY = 4096
ROW = 256  # tokens of a packed row
ROWS = 16  # rows per step
STEPS_PER_MINUTE = 100  # on two cores of a current CPU; the budget is steps, so that equal settings give equal weights
SOURCE_SHARE = 0.3  # of the tokens; the rest are conversations
LEARNING_RATE = 2e-3
CONVERSATIONS = 8_000  # about 500 facts, each seen often enough to be known
TOKENIZER_FILES = 300  # source files that the tokenizer is trained on, beside all conversations
SEED = 1234
FACTS_SEED = 42  # that of the shipped configs: what a run replays and asks in general is what this base was taught
SHAPE = {
    "hidden_size": 256,
    "intermediate_size": 768,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "max_position_embeddings": 8192,
}
SKIPPED = {"test", "tests", "idlelib", "site-packages", "lib2to3", "turtledemo", "__pycache__"}
PACKAGES = ("torch", "transformers", "tokenizers")
# How Qwen cuts text before byte-pair encoding: contractions, words, single digits, punctuation, line ends, blanks.
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def make_tiny_base(folder: Path, steps: int, stage: Stage) -> dict[str, Any]:
    """Train tokenizer and model for `steps` steps and write them to `folder`; returns the counts."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads starve whoever else uses the cores
    import torch

    settings, inputs = recipe(steps)
    sources, talks = list(_source_texts()), _conversations()
    tokenizer = train_tokenizer([*sources[:: max(1, len(sources) // TOKENIZER_FILES)], *map(_text, talks)])
    samples = _samples(tokenizer, sources, talks, steps * ROWS * ROW)
    torch.manual_seed(SEED)
    torch.set_num_threads(cores())
    model = _new_model(tokenizer)
    loss, tokens = _pretrain(model, tokenizer, samples, steps)
    parameters = sum(weights.numel() for weights in model.parameters())
    counts = {"parameters": parameters, "steps": steps, "tokens": tokens, "final loss": round(loss, 3)}
    with ArtifactWriter(folder, BASE_SCHEMA, settings, inputs, SEED) as writer:
        model.save_pretrained(writer.path)
        tokenizer.save_pretrained(writer.path)
        writer.commit(counts, stage.seconds, packages=PACKAGES)
    return counts


def recipe(steps: int) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings and inputs that decide whether the base must be made anew."""
    settings = {"steps": steps, "rows": ROWS, "row": ROW, "vocabulary": VOCABULARY, "shape": SHAPE, "seed": SEED}
    settings |= {"facts_seed": FACTS_SEED, "conversations": CONVERSATIONS}
    templates = sorted((ROOT / "config" / "templates").glob("*.yaml"))
    return settings, {"python": sys.version.split()[0], **{path.name: sha256_file(path) for path in templates}}


def train_tokenizer(texts: Sequence[str]) -> PreTrainedTokenizerBase:
    """A byte-level BPE tokenizer of the Qwen kind, with its control tokens and chat format."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    from utils.chat_format import ensure_template

    tokenizer = Tokenizer(models.BPE())
    cut = pre_tokenizers.Split(Regex(WORDS), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [cut, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    think = [AddedToken(token, normalized=False, special=False) for token in ("<think>", "</think>")]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(think),
        special_tokens=control,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens(think)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    ensure_template(wrapped)
    return wrapped


def _source_texts() -> Iterator[str]:
    """The standard library's files that parse, in the order of their names."""
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py")):
        if SKIPPED & set(path.relative_to(root).parts):
            continue
        try:
            with tokenize.open(path) as stream:
                text = stream.read()
            ast.parse(text)
        except (OSError, SyntaxError, UnicodeDecodeError, ValueError):
            continue  # data for the library's own tests
        yield text


def _conversations() -> list[list[Message]]:
    """General questions and answers about the standard library, in both languages."""
    from utils.generation.general import general_samples

    return [sample.messages for sample in general_samples(CONVERSATIONS, FACTS_SEED, ("en", "zh"), split="train")]


def _text(talk: Sequence[Message]) -> str:
    return "\n".join(message.content for message in talk)


def _samples(
    tokenizer: PreTrainedTokenizerBase, sources: Sequence[str], talks: Sequence[Sequence[Message]], budget: int
) -> list[Encoded]:
    """`budget` tokens of shuffled pieces. All of each is learned, questions too: their names are what answers copy."""
    chance = random.Random(SEED)
    files = (tokenizer(text[: 40 * ROW], add_special_tokens=False)["input_ids"] for text in _shuffled(sources, chance))
    code = (ids[start : start + ROW] for ids in files for start in range(0, len(ids), ROW))
    chats = (encode_sample(tokenizer, talk).input_ids for talk in _shuffled(talks, chance))
    chosen = [
        *_take(code, int(budget * SOURCE_SHARE)),
        *_take((ids for ids in chats if len(ids) <= ROW), int(budget * (1 - SOURCE_SHARE))),
    ]
    return [Encoded(ids, [IGNORE_INDEX, *ids[1:]]) for ids in chosen]


def _shuffled(items: Sequence[T], chance: random.Random) -> Iterator[T]:
    """The items over and over, in another order each time."""
    while True:
        yield from chance.sample(items, len(items))


def _take(pieces: Iterator[list[int]], budget: int) -> Iterator[list[int]]:
    while budget > 0:
        piece = next(pieces)
        budget -= len(piece)
        yield piece


def _new_model(tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

    ids = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None}
    model = Qwen3ForCausalLM(Qwen3Config(vocab_size=VOCABULARY, tie_word_embeddings=True, **SHAPE, **ids))
    model.generation_config = GenerationConfig(**ids)
    return model


def _pretrain(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, samples: Sequence[Encoded], steps: int
) -> tuple[float, int]:
    """AdamW with warm-up and cosine; returns the mean loss of the last tenth and the tokens seen."""
    import torch

    from utils.training.loss import AnswerLoss
    from utils.training.packing import PackedCollator, PackedRows, pack

    rows = pack([len(sample.input_ids) for sample in samples], ROW, SEED)
    random.Random(SEED).shuffle(rows)
    data, collate = PackedRows(samples, rows), PackedCollator(tokenizer.pad_token_id)
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE, betas=(0.9, 0.95), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
    answer_loss, losses, tokens = AnswerLoss(model), [], 0
    bar: Any = progress(range(steps), "pre-training", unit="step")
    for step in bar:
        batch = collate([data[(step * ROWS + row) % len(data)] for row in range(ROWS)])
        with torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bf16()):
            total, count = answer_loss(model, batch)
        (total / count).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
        losses.append(total.item() / count)
        tokens += batch["input_ids"].numel()
        bar.set_postfix(loss=f"{losses[-1]:.3f}")
    last = losses[-max(1, steps // 10) :]
    return sum(last) / len(last), tokens


def _rate(step: int, steps: int) -> float:
    warmup = max(1, steps // 20)
    return min(1.0, (step + 1) / warmup) * (0.5 + 0.5 * math.cos(math.pi * min(1.0, step / steps)))


def main(argv: Sequence[str] | None = None) -> int:
    """Make the tiny base, or say that it is there already."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=4.0, help="how long to train, on two cores (default: 4)")
    parser.add_argument("--force", action="store_true", help="make it again although nothing changed")
    options = parser.parse_args(argv)
    steps = max(1, round(options.minutes * STEPS_PER_MINUTE))
    stage = Stage("tiny base", "Python's standard library", TINY_BASE)
    following = "make demo, or any step with --config config/demo.yaml"
    if not options.force and is_current(TINY_BASE, BASE_SCHEMA, *recipe(steps)):
        return stage.unchanged(following)
    stage.done(make_tiny_base(TINY_BASE, steps, stage), following)
    return EXIT_DONE


if __name__ == "__main__":
    run(main)
