"""Which licence a text or a name is, as an SPDX identifier (https://spdx.org/licenses)."""

from __future__ import annotations

import re

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

# Phrases of a licence's own text, on one line with single spaces and no commas: the first begins it, the others follow
# closely. Of two that begin alike, the one that asks for more comes first.
_TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AGPL-3.0", ("gnu affero general public license version 3",)),
    ("LGPL-3.0", ("gnu lesser general public license version 3",)),
    ("LGPL-2.1", ("gnu lesser general public license version 2.1",)),
    ("LGPL-2.0", ("gnu library general public license version 2",)),
    ("GPL-3.0", ("gnu general public license version 3",)),
    ("GPL-2.0", ("gnu general public license version 2",)),
    ("Apache-2.0", ("apache license version 2.0",)),
    ("MPL-2.0", ("mozilla public license version 2.0",)),
    ("EPL-2.0", ("eclipse public license - v 2.0",)),
    ("BSL-1.0", ("boost software license - version 1.0",)),
    ("CC0-1.0", ("cc0 1.0 universal", "statement of purpose")),
    ("CC-BY-4.0", ("creative commons attribution 4.0 international",)),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("PSF-2.0", ("python software foundation license version 2",)),
    ("WTFPL", ("do what the fuck you want to public license",)),
    (
        "MIT",
        (
            "permission is hereby granted free of charge to any person obtaining a copy",
            "the above copyright notice and this permission notice",
        ),
    ),
    (
        "MIT-0",
        (
            "permission is hereby granted free of charge to any person obtaining a copy",
            "is furnished to do so. the software is provided",
        ),
    ),
    ("MIT-CMU", ("by obtaining using and/or copying this software and/or its associated documentation you agree",)),
    (
        "ISC",
        (
            "permission to use copy modify and/or distribute this software for any purpose with or without fee",
            "provided that the above copyright notice",
        ),
    ),
    ("0BSD", ("permission to use copy modify and/or distribute this software for any purpose with or without fee",)),
    ("Zlib", ("altered source versions must be plainly marked as such",)),
    (
        "BSD-3-Clause",
        ("redistribution and use in source and binary forms", "be used to endorse or promote products derived"),
    ),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
)
_PREAMBLE = 3000  # characters before a licence's text; Python's begins behind its history
_EXTENT = 2000  # characters within which the other phrases follow

# How people write them in metadata; compared as `_plain` makes them.
_NAMES: dict[str, tuple[str, ...]] = {
    "MIT": ("MIT", "Expat"),
    "Apache-2.0": ("Apache", "Apache 2", "Apache 2.0", "Apache2", "ASL 2.0"),
    "BSD-3-Clause": ("BSD 3-Clause", "3-Clause BSD", "BSD-3", "New BSD"),
    "BSD-2-Clause": ("BSD 2-Clause", "2-Clause BSD", "BSD-2", "Simplified BSD"),
    "0BSD": ("Zero-Clause BSD",),
    "ISC": ("ISC",),
    "MPL-2.0": ("Mozilla Public License 2.0", "MPL 2.0", "MPL 2", "MPL2", "MPLv2"),
    "EPL-2.0": ("Eclipse Public License 2.0", "EPL 2.0"),
    "BSL-1.0": ("Boost Software License 1.0", "Boost Software License"),
    "CC0-1.0": ("CC0", "CC0 1.0 Universal", "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication"),
    "Unlicense": ("Unlicense",),
    "Zlib": ("zlib", "zlib/libpng"),
    "PSF-2.0": ("Python Software Foundation License", "PSF"),
}
_APPROVALS: tuple[list[str], ...] = ([], ["OSI Approved"], ["DFSG approved"])
_GNU = re.compile(
    r"(?:gnu )?(?:(?P<kind>affero |lesser |library )?general public|(?P<letter>[al])?gpl) ?v?"
    r"(?P<version>2|2 1|3)(?: 0)?(?P<later>\+| or later| or newer)?"
)
_ABBREVIATED = re.compile(r"(.+)\((\S+(?: [\d.]+)?)\)\s*")  # GNU General Public License v3 (GPLv3)
_LONGEST_NAME = 200  # characters; what is longer tells of a licence rather than names it


def licence_of_text(text: str) -> str | None:
    """The licence whose text stands first, before those of bundled works; null where it is none of the common ones."""
    plain = re.sub(r"[\s,*#>]+", " ", text[: 2 * (_PREAMBLE + _EXTENT)]).lower()
    found: dict[int, str] = {}
    for identifier, (first, *others) in _TEXTS:
        start = plain.find(first, 0, _PREAMBLE)
        if start >= 0 and all(phrase in plain[start : start + _EXTENT] for phrase in others):
            found.setdefault(start, identifier)
    return found[min(found)] if found else None


def licence_of_name(name: str) -> str | None:
    """The SPDX identifier of what metadata call a licence ("MIT License", "Apache 2.0"); null where it is unclear.

    An SPDX expression (`mit or Apache-2.0`, `LicenseRef-X`) comes back as SPDX writes it (`MIT OR Apache-2.0`).
    """
    if len(name) > _LONGEST_NAME:
        return None
    abbreviated = _ABBREVIATED.fullmatch(name)
    readings = (name, *abbreviated.groups()) if abbreviated else (name,)
    found = {identifier for reading in readings if (identifier := _expression(reading) or _named(reading))}
    return found.pop() if len(found) == 1 else None


def _expression(text: str) -> str | None:
    try:
        return canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return None


def _named(name: str) -> str | None:
    plain = _plain(name)
    if gnu := _GNU.fullmatch(plain):
        letter = (gnu["kind"] or gnu["letter"] or "")[:1].upper()
        version = gnu["version"].replace(" ", ".") if " " in gnu["version"] else gnu["version"] + ".0"
        return _expression(f"{letter}GPL-{version}{'-or-later' if gnu['later'] else ''}")
    return _IDENTIFIERS.get(plain)


def _plain(name: str) -> str:
    """`name` without case, punctuation and the words that say nothing."""
    words = re.sub(r"[^a-z0-9+<>=]+", " ", name.lower()).split()
    said = [word for word in words if word not in ("the", "license", "licence", "software", "version")]
    return re.sub(r"\bv(?=\d)", "", " ".join(said))


_IDENTIFIERS = {_plain(name): identifier for identifier, names in _NAMES.items() for name in names}


def names_licence(classifier: str) -> bool:
    """True for a trove classifier that names a licence (`License :: OSI Approved` alone does not)."""
    parts = _parts(classifier)
    return parts[0] == "License" and parts[1:] not in _APPROVALS


def licence_of_classifier(classifier: str) -> str | None:
    """The licence that a classifier names (`License :: OSI Approved :: MIT License`); null where it is unclear."""
    return licence_of_name(_parts(classifier)[-1]) if names_licence(classifier) else None


def _parts(classifier: str) -> list[str]:
    return [part.strip() for part in classifier.split("::")]
