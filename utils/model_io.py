"""Loading base models, tokenizers and adapters: one way for training, evaluation and chat.

A model is whole or it is refused: weights that are missing (and would be random) or left over are fatal.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.artifacts import MANIFEST, sha256_file
from utils.chat_format import ensure_template
from utils.console import ROOT, UserError, relative
from utils.settings import ModelSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TINY_BASE = ROOT / "output" / "tiny_base"
TINY_BASE_COMMAND = "python utils/tiny_base.py"
_SAMPLED = 1 << 20  # bytes read at either end of a weight file to tell two bases apart


def resolve_base(settings: ModelSettings) -> str:
    """The base as `from_pretrained` takes it: an absolute folder for a local one, else the hub's name.

    Raises `UserError` for a folder that is not there or holds no model.
    """
    folder = (ROOT / Path(settings.base).expanduser()).resolve()
    if folder == TINY_BASE.resolve() and not (folder / MANIFEST).is_file():
        raise UserError(f"the tiny base model in {relative(folder)} has not been made yet; run: {TINY_BASE_COMMAND}")
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise UserError(f"model.base: {relative(folder)} holds no model (no config.json); name another folder")
        return str(folder)
    if settings.base.startswith((".", "/", "~")) or settings.base.count("/") > 1:
        raise UserError(f"model.base: there is no folder {settings.base}; name a folder or a model of the hub")
    return settings.base


def base_identity(settings: ModelSettings) -> dict[str, str | None]:
    """What tells this base from any other: its name, and the hub's commit or a digest of the local files."""
    source = resolve_base(settings)
    if not Path(source).is_dir():
        return {"name": settings.base, "revision": _commit(source, settings), "sha256": None}
    digest = hashlib.sha256()
    for path in sorted(Path(source).iterdir()):
        if path.name in (MANIFEST, "config.json", "tokenizer.json") or path.suffix == ".safetensors":
            digest.update(f"{path.name} {path.stat().st_size} {_sampled(path)}\n".encode())
    return {"name": settings.base, "revision": None, "sha256": digest.hexdigest()}


def require_device(settings: ModelSettings) -> None:
    """Raise `UserError` where the config wants a GPU and this process sees none."""
    import torch

    if settings.device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "model.device is cuda but no GPU is visible here; add model.device=cpu to run on the CPU"
            " (sensible for small models only, such as config/demo.yaml's)"
        )


def cpu_has_bf16() -> bool:
    """True where this CPU multiplies bfloat16 in hardware; elsewhere autocast to it is slower than float32."""
    import torch

    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16") or able.get("bf16"))


def load_tokenizer(source: str | Path, settings: ModelSettings) -> PreTrainedTokenizerBase:
    """The tokenizer of a base, adapter or merged model, with a chat template and a padding token for sure."""
    from transformers import AutoTokenizer

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            str(source), trust_remote_code=settings.trust_remote_code, **_revision(source, settings)
        )
    except (OSError, ValueError) as error:
        raise _not_found(source, error) from error
    if not tokenizer.is_fast:
        raise UserError(f"{source} has no tokenizer.json (a fast tokenizer), which is needed; use another base model")
    ensure_template(tokenizer)
    return tokenizer


def load_model(
    source: str | Path,
    settings: ModelSettings,
    adapter: Path | None = None,
    device: str | None = None,
    quantization: Any = None,
) -> PreTrainedModel:
    """A causal language model, with `adapter` on top where one is given, on `device` (default: the settings').

    Under ZeRO-3 the weights are sharded while they load and are not moved. Raises `UserError` when the model is
    nowhere to be found, or when weights are missing or left over.
    """
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.integrations import is_deepspeed_zero3_enabled

    options: dict[str, Any] = {"dtype": getattr(torch, settings.dtype), "attn_implementation": settings.attention}
    if quantization is not None:
        options["quantization_config"] = quantization
    if not is_deepspeed_zero3_enabled():
        options["device_map"] = {"": device or settings.device}
    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            str(source),
            trust_remote_code=settings.trust_remote_code,
            output_loading_info=True,
            **_revision(source, settings),
            **options,
        )
    except ImportError as error:
        raise UserError(f"loading {source} needs a package that is not installed: {_first_line(error)}") from error
    except OSError as error:
        raise _not_found(source, error) from error
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if info[what]:
            raise UserError(_incomplete(source, what.removesuffix("_keys"), info[what]))
    return model if adapter is None else attach_adapter(model, adapter)


def attach_adapter(model: PreTrainedModel, adapter: Path, trainable: bool = False) -> Any:
    """`model` with the LoRA weights of the folder `adapter`; raises `UserError` unless every one of them fits."""
    from peft import PeftModel, get_peft_model_state_dict
    from safetensors import safe_open

    weights = adapter / "adapter_model.safetensors"
    if not weights.is_file():
        raise UserError(f"{relative(adapter)} holds no adapter (no {weights.name}); run: scripts/03_train_model.py")
    try:
        tuned = PeftModel.from_pretrained(model, str(adapter), is_trainable=trainable)
    except RuntimeError as error:
        raise UserError(f"{relative(adapter)} does not fit this base model: {_first_line(error)}") from error
    with safe_open(str(weights), framework="pt") as stored:
        found = set(stored.keys())
    wanted = set(get_peft_model_state_dict(tuned))
    for what, keys in (("missing", wanted - found), ("unexpected", found - wanted)):
        if keys:
            raise UserError(_incomplete(adapter, what, keys))
    return tuned


def quiet_libraries() -> None:
    """Keep the libraries' progress bars, and what they deprecate in one another, off the terminal."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_warning()
    logging.getLogger("DeepSpeed").setLevel(logging.WARNING)
    # It says that it sorts checkpoints by their step where two were written in one second: as it should.
    logging.getLogger("transformers.trainer_utils").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"torch\.|transformers\.|peft\.")


def load_base_config(source: str, settings: ModelSettings) -> Any:
    """The architecture's config; raises `UserError` where the base is nowhere to be found."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(
            source, trust_remote_code=settings.trust_remote_code, **_revision(source, settings)
        )
    except (OSError, ValueError) as error:
        raise _not_found(source, error) from error


def _commit(source: str, settings: ModelSettings) -> str | None:
    """The hub's commit of a base that is named by its hub's name."""
    from transformers.utils.hub import cached_file, extract_commit_hash

    try:
        return extract_commit_hash(cached_file(source, "config.json", **_revision(source, settings)), None)
    except (OSError, ValueError) as error:
        raise _not_found(source, error) from error


def _revision(source: str | Path, settings: ModelSettings) -> dict[str, str]:
    """A revision belongs to the hub's base, not to a local folder."""
    return {} if settings.revision is None or Path(source).is_dir() else {"revision": settings.revision}


def _not_found(source: str | Path, error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return error
    if Path(source).is_dir():
        return UserError(f"the model in {relative(source)} cannot be loaded: {_first_line(error)}")
    return UserError(
        f"the base model {source} is neither in the local cache nor could it be fetched ({_first_line(error)});"
        " check the name and the network, or set model.base to a folder"
    )


def _incomplete(source: str | Path, what: str, keys: Iterable[Any]) -> str:
    names = sorted(str(key) for key in keys)
    return f"{source} has {len(names)} {what} weights ({names[0]}, …), so it would not be the model it says it is"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return " ".join((lines[0] if lines else type(error).__name__).split()).rstrip(".")


def _sampled(path: Path) -> str:
    """A hash that costs little on tens of gigabytes: small files whole, large ones by both ends."""
    if path.stat().st_size <= 16 * _SAMPLED:
        return sha256_file(path)
    with path.open("rb") as stream:
        head = stream.read(_SAMPLED)
        stream.seek(-_SAMPLED, 2)
        return hashlib.sha256(head + stream.read()).hexdigest()
