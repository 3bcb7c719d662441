"""Which licence a text or a name is: the first text in a file, the names that people write, several at once."""

import pytest

from tests.analysis.test_project import BSD, MIT, read
from utils.analysis.licences import licence_of_classifier, licence_of_name, licence_of_text

GRANT = "Permission is hereby granted, free of charge, to any person obtaining a copy of it"
ISC = "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is granted"
APACHE = "Apache License\n  Version 2.0, January 2004\n"
FILLER = "Some terms that are of no importance here.\n"


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("Mozilla Public License Version 2.0\n ... the GNU Affero General Public License, Version 3.0", "MPL-2.0"),
        (f"GNU LIBRARY GENERAL PUBLIC LICENSE\n  Version 2, June 1991\n{FILLER}", "LGPL-2.0"),
        (f"{MIT}\n\nParts of it:\nPYTHON SOFTWARE FOUNDATION LICENSE VERSION 2\n", "MIT"),
        (f"{BSD}\n{FILLER * 200}\nGNU GENERAL PUBLIC LICENSE\n Version 3\n", "BSD-2-Clause"),
        (f"{BSD}\n{FILLER * 100}{BSD} ... be used to endorse or promote products derived from it", "BSD-2-Clause"),
        (f"{FILLER * 50}PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2\n", "PSF-2.0"),
        (f"{FILLER * 100}{MIT}", None),
        (f"{APACHE}{FILLER}{MIT}", "Apache-2.0"),
        (f"One file is under CC0 1.0 Universal, the others are under this:\n{APACHE}", "Apache-2.0"),
        ("CC0 1.0 Universal\n\nStatement of Purpose\n", "CC0-1.0"),
        (
            f"{GRANT}.\nThe above copyright notice and this permission notice (including the next\nparagraph) shall be",
            "MIT",
        ),
        (f'{GRANT}, to whom the Software is furnished to do so.\n\nTHE SOFTWARE IS PROVIDED "AS IS"', "MIT-0"),
        (f"{GRANT}, as long as the following is said of it:\n{FILLER}", None),
        (f"{ISC}, provided that the above copyright notice stays.", "ISC"),
        (f"{ISC}.", "0BSD"),
        (
            "By obtaining, using, and/or copying this software and/or its associated\ndocumentation, you agree.\n"
            f"{BSD}",
            "MIT-CMU",
        ),
    ],
)
def test_the_first_text_is_the_licence(text: str, licence: str | None) -> None:
    assert licence_of_text(text) == licence


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("MIT License", "MIT"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("(MIT OR Apache-2.0)", "(MIT OR Apache-2.0)"),
        ("Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception"),
        ("LicenseRef-Ours", "LicenseRef-Ours"),
        ("Apache License v2.0", "Apache-2.0"),
        ("BSD-3", "BSD-3-Clause"),
        ("MPL2", "MPL-2.0"),
        ("LGPLv3", "LGPL-3.0"),
        ("GPLv3+", "GPL-3.0-or-later"),
        ("LGPLv2+", "LGPL-2.0-or-later"),
        ("GNU LGPL v2.1 or later", "LGPL-2.1-or-later"),
        ("GNU Affero General Public License v3", "AGPL-3.0"),
        ("AGPL 2.1", None),
        ("GPL >= 3", None),
        ("GPL (>= 2)", None),
        ("GPL", None),
        ("BSD", None),
        ("MIT-3", None),
        ("Apache 2.0 (MIT for parts)", None),
        ("MIT (Apache-2.0)", None),
        ("(" * 100_000, None),
    ],
)
def test_a_name_is_known_or_null(name: str, licence: str | None) -> None:
    assert licence_of_name(name) == licence


@pytest.mark.parametrize(
    ("classifier", "licence"),
    [
        ("License :: OSI Approved :: Python Software Foundation License", "PSF-2.0"),
        ("License :: OSI Approved :: The Unlicense (Unlicense)", "Unlicense"),
        ("License :: OSI Approved :: Boost Software License 1.0 (BSL-1.0)", "BSL-1.0"),
        ("License :: OSI Approved :: Eclipse Public License 2.0 (EPL-2.0)", "EPL-2.0"),
        ("License :: OSI Approved :: Zero-Clause BSD (0BSD)", "0BSD"),
        ("License :: OSI Approved :: ISC License (ISCL)", "ISC"),
        ("License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
        ("License :: OSI Approved :: GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
        ("License :: OSI Approved :: GNU Library or Lesser General Public License (LGPL)", None),
        ("License :: CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "CC0-1.0"),
        ("License :: OSI Approved", None),
        ("Topic :: MIT", None),
        ("License", None),
    ],
)
def test_classifiers(classifier: str, licence: str | None) -> None:
    assert licence_of_classifier(classifier) == licence


def classified(*names: str) -> str:
    return f'[project]\nname = "x"\nclassifiers = {[f"License :: {name}" for name in names]}\n'


def test_of_several_classifiers_none_is_the_licence() -> None:
    approved, mit, apache = (f"OSI Approved{rest}" for rest in ("", " :: MIT License", " :: Apache Software License"))
    assert read({"pyproject.toml": classified(approved, mit)}).license == "MIT"
    assert read({"pyproject.toml": classified(mit, apache)}).license is None
    assert read({"pyproject.toml": classified(mit, "Other/Proprietary License")}).license is None
    assert read({"pyproject.toml": classified(mit, apache), "LICENSE": MIT}).license == "MIT"


def test_of_several_licence_files_the_plain_one_speaks() -> None:
    assert read({"LICENSE-APACHE": APACHE, "LICENSE-MIT": MIT}).license is None
    assert read({"LICENSE.rst": MIT, "LICENSE.APACHE": APACHE}).license == "MIT"
    assert read({"LICENSE": "Under either of them.\n", "LICENSE.MIT": MIT}).license is None
    project = read({"LICENSE-CODE": MIT, "LICENSE-DOCS": MIT})
    assert (project.license, project.license_path) == ("MIT", "LICENSE-CODE")
