"""Which licence a text or a name is, as an SPDX identifier (https://spdx.org/licenses)."""

from __future__ import annotations

import re

# Phrases that only this licence's text has, on one line with single spaces; the first that fits wins.
_TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AGPL-3.0", ("gnu affero general public license version 3",)),
    ("LGPL-3.0", ("gnu lesser general public license version 3",)),
    ("LGPL-2.1", ("gnu lesser general public license version 2.1",)),
    ("GPL-3.0", ("gnu general public license version 3",)),
    ("GPL-2.0", ("gnu general public license version 2",)),
    ("Apache-2.0", ("apache license version 2.0",)),
    ("MPL-2.0", ("mozilla public license version 2.0",)),
    ("EPL-2.0", ("eclipse public license - v 2.0",)),
    ("BSL-1.0", ("boost software license - version 1.0",)),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("CC-BY-4.0", ("creative commons attribution 4.0 international",)),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("PSF-2.0", ("python software foundation license version 2",)),
    ("WTFPL", ("do what the fuck you want to public license",)),
    (
        "MIT",
        (
            "permission is hereby granted, free of charge, to any person obtaining a copy",
            "the above copyright notice and this permission notice shall be included in all copies",
        ),
    ),
    ("MIT-0", ("permission is hereby granted, free of charge, to any person obtaining a copy",)),
    (
        "ISC",
        (
            "permission to use, copy, modify, and/or distribute this software for any purpose with or without fee",
            "provided that the above copyright notice",
        ),
    ),
    ("0BSD", ("permission to use, copy, modify, and/or distribute this software for any purpose with or without fee",)),
    ("Zlib", ("altered source versions must be plainly marked as such",)),
    (
        "BSD-3-Clause",
        ("redistribution and use in source and binary forms", "be used to endorse or promote products derived"),
    ),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
)

# How people write them in metadata; compared without case, punctuation and the words that say nothing.
_NAMES = {
    "mit": "MIT",
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2 0": "Apache-2.0",
    "asl 2 0": "Apache-2.0",
    "bsd 3 clause": "BSD-3-Clause",
    "3 clause bsd": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "bsd 2 clause": "BSD-2-Clause",
    "2 clause bsd": "BSD-2-Clause",
    "simplified bsd": "BSD-2-Clause",
    "isc": "ISC",
    "isc iscl": "ISC",
    "mozilla public 2 0 mpl 2 0": "MPL-2.0",
    "mpl 2 0": "MPL-2.0",
    "gplv3": "GPL-3.0",
    "gpl 3 0": "GPL-3.0",
    "gnu general public v3 gplv3": "GPL-3.0",
    "gnu general public v3 or later gplv3+": "GPL-3.0-or-later",
    "gplv2": "GPL-2.0",
    "gnu general public v2 gplv2": "GPL-2.0",
    "gnu general public v2 or later gplv2+": "GPL-2.0-or-later",
    "gnu lesser general public v3 lgplv3": "LGPL-3.0",
    "gnu lesser general public v3 or later lgplv3+": "LGPL-3.0-or-later",
    "gnu affero general public v3": "AGPL-3.0",
    "gnu affero general public v3 or later agplv3+": "AGPL-3.0-or-later",
    "unlicense": "Unlicense",
    "zlib": "Zlib",
    "zlib libpng": "Zlib",
    "python software foundation": "PSF-2.0",
    "psf": "PSF-2.0",
}
_SPDX = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")
_KNOWN = {identifier.lower(): identifier for identifier, _ in _TEXTS} | {
    identifier.lower(): identifier for identifier in _NAMES.values()
}


def licence_of_text(text: str) -> str | None:
    """The licence whose text this is; null where it is none of the common ones."""
    plain = re.sub(r"[\s,*#>]+", " ", text[:100_000]).lower()
    for identifier, phrases in _TEXTS:
        if all(re.sub(r"[\s,]+", " ", phrase) in plain for phrase in phrases):
            return identifier
    return None


def licence_of_name(name: str) -> str | None:
    """The SPDX identifier of what metadata call a licence ("MIT License", "Apache 2.0"); null where it is unclear.

    An SPDX expression (`MIT OR Apache-2.0`, `LicenseRef-X`) comes back as it is.
    """
    name = name.strip()
    if name.lower() in _KNOWN:
        return _KNOWN[name.lower()]
    words = re.sub(r"[^a-z0-9+]+", " ", name.lower()).split()
    plain = " ".join(word for word in words if word not in ("the", "license", "licence", "software", "version"))
    if plain in _NAMES:
        return _NAMES[plain]
    parts = re.split(r" (?:AND|OR|WITH) ", name)
    if _SPDX.fullmatch(name) and all(
        re.search(r"-[\d.]|^LicenseRef-", part) or part.lower() in _KNOWN for part in parts
    ):
        return name
    return None


def licence_of_classifier(classifier: str) -> str | None:
    """The licence in a trove classifier (`License :: OSI Approved :: MIT License`); null where it is unclear."""
    parts = [part.strip() for part in classifier.split("::")]
    return licence_of_name(parts[-1]) if parts[0] == "License" and len(parts) > 1 else None
