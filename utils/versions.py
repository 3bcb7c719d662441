"""Which versions of installed packages are in use: what manifests tell and cached results depend on."""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache


def package_version(name: str) -> str:
    """The version of an installed distribution; raises `PackageNotFoundError` where there is none.

    An installer names the folder `<name>-<version>.dist-info`. `importlib.metadata` opens the same folder, but loads
    an e-mail parser to read what is in it, which takes longer than many a run of step 01 needs for all else.
    """
    version = _installed().get(_normalized(name))
    if version is None:
        from importlib import metadata  # it also knows other ways to be installed

        version = metadata.version(name)
    return version


@lru_cache(maxsize=1)
def _installed() -> dict[str, str]:
    """{normalized name: version} of what lies on `sys.path`, where the first of a name is the one imported."""
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            entries = os.listdir(folder or ".")
        except OSError:  # a zip file, or an entry of the path that does not exist
            continue
        for entry in entries:
            if entry.endswith(".dist-info"):
                name, _, version = entry.removesuffix(".dist-info").partition("-")
                found.setdefault(_normalized(name), version)
    return found


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
