"""What an artifact was made from, and whether that is what the configuration names now."""

from __future__ import annotations

from pathlib import Path

from utils.console import UserError, relative

Identity = dict[str, str | None]
"""A base model: `name`, and the hub's `revision` or the `sha256` of local files."""


def require_same_base(trained_on: Identity | None, base: Identity, adapter: Path) -> None:
    """Raise `UserError` unless the adapter was trained on `base`: an adapter is meaningless on any other weights.

    The same holds of what was merged from it. A local base is known by the digest of its files whatever its folder is
    called, one of the hub by name and commit.
    """
    if trained_on is None:
        raise UserError(f"{relative(adapter)} does not say which base it was trained on; train it again with step 03")
    keys = ("sha256",) if trained_on.get("sha256") else ("name", "revision", "sha256")
    if any(trained_on.get(key) != base.get(key) for key in keys):
        raise UserError(
            f"{relative(adapter)} was trained on {told(trained_on)}, but model.base is {told(base)}; set model.base "
            "(and model.revision) to the former, or run 03 again"
        )


def told(identity: Identity) -> str:
    """`Qwen/Qwen3-8B (b968826d9c46)`."""
    mark = identity.get("revision") or identity.get("sha256") or "unknown revision"
    return f"{identity.get('name')} ({mark[:12]})"
