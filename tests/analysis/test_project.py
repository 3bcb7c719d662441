"""What a project says of itself, from every packaging format, each fact with its line."""

import pytest

from utils.analysis.import_roots import name_modules
from utils.analysis.project import read_project
from utils.analysis.project_files import project_sources
from utils.analysis.toml_lines import locate
from utils.records import Evidence, Project


def read(texts: dict[str, str], *more: str, name: str = "repo") -> Project:
    paths = [*texts, *more]
    wanted = project_sources(paths)
    modules = name_modules({path: () for path in paths if path.endswith(".py")}, (), name).modules
    mains = {path: module for path, module in modules.items() if path.endswith("__main__.py")}
    return read_project(name, {path: texts[path] for path in wanted if path in texts}, paths, mains)


def rows(project: Project) -> list[tuple[str, str, str, int]]:
    return [(each.name, each.specifier, each.group, each.line) for each in project.dependencies]


PYPROJECT = """\
[build-system]
requires = ["hatchling>=1"]

[project]
name = "Thing"
version = "1.2"
description = "Does a thing."
requires-python = ">=3.10"
license = { text = "MIT License" }
dependencies = [
    "requests[socks] >=2, <3",  # a comment with "quotes"
    'tomli; python_version < "3.11"',
    "local @ file:///x",
]
classifiers = ["License :: OSI Approved :: Apache Software License"]

[project.optional-dependencies]
cli = ["click==8.*", "rich"]

[project.scripts]
thing = "thing.cli:main"

[project.entry-points."thing.plugins"]
a = "thing.plugins:A"

[dependency-groups]
test = ["pytest", {include-group = "cli"}]
"""


def test_pyproject() -> None:
    project = read({"pyproject.toml": PYPROJECT})
    assert (project.name, project.version, project.tagline) == ("Thing", "1.2", "Does a thing.")
    assert (project.requires_python, project.license, project.license_path) == (">=3.10", "MIT", "pyproject.toml")
    assert project.description == "Does a thing."
    assert (project.description_path, project.description_line) == ("pyproject.toml", 7)
    assert {key: each.start_line for key, each in project.sources.items()} == {
        "name": 5, "version": 6, "tagline": 7, "description": 7, "requires_python": 8, "license": 9,
    }  # fmt: skip
    assert rows(project) == [
        ("hatchling", ">=1", "build", 2),
        ("requests", ">=2, <3", "runtime", 11),
        ("tomli", "", "runtime", 12),
        ("local", "file:///x", "runtime", 13),
        ("click", "==8.*", "cli", 18),
        ("rich", "", "cli", 18),
        ("pytest", "", "test", 27),
    ]
    assert project.dependencies[2].marker == 'python_version < "3.11"'
    assert [(each.name, each.group, each.target, each.line) for each in project.entry_points] == [
        ("thing", "console_scripts", "thing.cli:main", 21),
        ("a", "thing.plugins", "thing.plugins:A", 24),
    ]


def test_poetry() -> None:
    text = """\
[tool.poetry]
name = "thing"
description = "A thing"
license = "Apache-2.0"

[tool.poetry.dependencies]
python = "^3.9"
requests = "^2.0"
rich = {version = ">=10", optional = true}
git = {git = "https://x/y.git"}

[tool.poetry.extras]
pretty = ["rich"]

[tool.poetry.group.dev.dependencies]
pytest = "*"

[tool.poetry.scripts]
thing = "thing:main"

[tool.poetry.plugins."thing.x"]
y = "thing.y"
"""
    project = read({"pyproject.toml": text})
    assert (project.name, project.requires_python, project.license) == ("thing", "^3.9", "Apache-2.0")
    assert project.sources["requires_python"].start_line == 7
    assert rows(project) == [
        ("requests", "^2.0", "runtime", 8),
        ("rich", ">=10", "pretty", 9),
        ("git", "https://x/y.git", "runtime", 10),
        ("pytest", "", "dev", 16),
    ]
    assert [(each.name, each.group, each.target) for each in project.entry_points] == [
        ("thing", "console_scripts", "thing:main"),
        ("y", "thing.x", "thing.y"),
    ]


def test_what_has_a_table_of_its_own_is_where_the_table_begins() -> None:
    text = """\
[tool.poetry]
license.text = "MIT"

[tool.poetry.dependencies]
rich.version = "^10"
rich.optional = true

[tool.poetry.dependencies.requests]
version = "^2"
extras = ["socks"]

[[tool.poetry.dependencies.numpy]]
version = "*"

[tool.poetry.group.docs.dependencies.sphinx]
version = "^7"
"""
    project = read({"pyproject.toml": text})
    assert project.sources["license"].start_line == 2
    assert rows(project) == [
        ("rich", "^10", "optional", 5),
        ("requests", "^2", "runtime", 8),
        ("numpy", "", "runtime", 12),
        ("sphinx", "^7", "docs", 15),
    ]
    table = '[project]\nname = "x"\n\n[project.license]\ntext = "MIT License"\n'
    assert read({"pyproject.toml": table}).sources["license"] == Evidence("pyproject.toml", 5, 5)


def test_flit_before_pep_621() -> None:
    text = """\
[tool.flit.metadata]
module = "thing"
requires-python = ">=3.6"
requires = [
    "requests>=2",
]
dev-requires = ["ruff"]
classifiers = ["License :: OSI Approved :: MIT License"]

[tool.flit.metadata.requires-extra]
test = ["pytest"]

[tool.flit.scripts]
thing = "thing:main"

[tool.flit.entrypoints."thing.x"]
y = "thing.y"
"""
    project = read({"pyproject.toml": text})
    assert (project.name, project.requires_python, project.license) == ("thing", ">=3.6", "MIT")
    assert {key: each.start_line for key, each in project.sources.items()} == {
        "name": 2, "requires_python": 3, "license": 8,
    }  # fmt: skip
    assert rows(project) == [("requests", ">=2", "runtime", 5), ("ruff", "", "dev", 7), ("pytest", "", "test", 11)]
    assert [(each.name, each.group, each.target, each.line) for each in project.entry_points] == [
        ("thing", "console_scripts", "thing:main", 14),
        ("y", "thing.x", "thing.y", 17),
    ]
    assert read({"pyproject.toml": text.replace('module = "thing"', 'module = "t"\ndist-name = "it"')}).name == "it"


def test_setup_cfg_with_dashes_and_capitals() -> None:
    text = "[metadata]\nName = x\nLicense-Expression = MIT\nlicense = Other\n[options]\npython-requires = >=3.8\n"
    project = read({"setup.cfg": text + "Install-Requires =\n    six\n"})
    assert (project.name, project.license, project.requires_python) == ("x", "MIT", ">=3.8")
    assert rows(project) == [("six", "", "runtime", 8)]
    assert read({"setup.cfg": "[metadata]\nname = x\npython-requires = >=3.9\n"}).requires_python == ">=3.9"
    assert read({"setup.py": "setup(name='x', license_expression='MIT', license='Other')\n"}).license == "MIT"


def test_setup_cfg() -> None:
    text = """\
[metadata]
name = thing
version = attr: thing.__version__
description = A thing
license = BSD 3-Clause

[options]
python_requires = >=3.8
install_requires =
    # why
    requests>=2; python_version < "4"
    six

[options.extras_require]
test =
    pytest

[options.entry_points]
console_scripts =
    thing = thing.cli:main

[tool:pytest]
testpaths = checks
"""
    project = read({"setup.cfg": text}, "checks/test_a.py", "test_b.py")
    assert (project.name, project.version, project.license) == ("thing", None, "BSD-3-Clause")
    assert (project.requires_python, project.sources["requires_python"].start_line) == (">=3.8", 8)
    assert rows(project) == [("requests", ">=2", "runtime", 11), ("six", "", "runtime", 12), ("pytest", "", "test", 16)]
    assert [(each.name, each.target, each.line) for each in project.entry_points] == [("thing", "thing.cli:main", 20)]
    assert project.test_paths == ["checks"]


def test_setup_py_is_read_and_never_run() -> None:
    text = """\
import os
from setuptools import setup
os.abort()
NAME = "thing"
requires = ["six",
            "requests>=2"]
tests = ["pytest"]
setup(
    name=NAME,
    version=read_version(),
    description="A"
                " thing",
    python_requires=">=3.7",
    install_requires=requires + ["extra"],
    extras_require={"test": tests, "all": tests + requires},
    entry_points={"console_scripts": ["thing = thing.cli:main"]},
    classifiers=["License :: OSI Approved :: MIT License"],
)
"""
    project = read({"setup.py": text})
    assert (project.name, project.version, project.tagline, project.license) == ("thing", None, "A thing", "MIT")
    assert project.sources["tagline"] == Evidence("setup.py", 11, 12)
    assert project.sources["name"].start_line == 4
    assert [(each.line, each.name, each.group) for each in project.dependencies] == [
        (5, "six", "all"),
        (5, "six", "runtime"),
        (6, "requests", "all"),
        (6, "requests", "runtime"),
        (7, "pytest", "all"),
        (7, "pytest", "test"),
        (14, "extra", "runtime"),
    ]
    assert [(each.name, each.target, each.line) for each in project.entry_points] == [("thing", "thing.cli:main", 16)]


def test_setup_py_with_spread_options_and_ini_entry_points() -> None:
    text = '''\
options = dict(name="x", install_requires="""
six
""")
setuptools.setup(**options, entry_points="""
[console_scripts]
x = x:main
""")
'''
    project = read({"setup.py": text})
    assert project.name == "x"
    assert [(each.name, each.group, each.target, each.line) for each in project.entry_points] == [
        ("x", "console_scripts", "x:main", 6)
    ]
    assert [(each.name, each.line) for each in project.dependencies] == [("six", 2)]


def test_entry_points_of_setup_py_may_be_an_indented_text() -> None:
    text = """\
setup(
    name="x",
    entry_points='''
        [console_scripts]
        x=x:main
          # the other one
          y = x.y:main

        [x.plugins]
        z = x:Z
    ''',
)
"""
    project = read({"setup.py": text})
    assert [(each.name, each.group, each.target, each.line) for each in project.entry_points] == [
        ("x", "console_scripts", "x:main", 5),
        ("y", "console_scripts", "x.y:main", 7),
        ("z", "x.plugins", "x:Z", 10),
    ]


def test_what_setup_py_computes_stays_unknown() -> None:
    text = "n = 'a'\nif X:\n    n = 'b'\nsetup(name=n, install_requires=open('r').read().split(), **load())\n"
    project = read({"setup.py": text})
    assert (project.name, project.dependencies) == ("repo", [])


def test_requirements_files() -> None:
    texts = {
        "requirements.txt": "-r requirements/base.txt\n# note\nflask==3.0  # why\n-e .\nhttps://x/y.zip\n",
        "requirements/base.txt": "six>=1 \\\n    --hash=sha256:abc\n-c constraints.txt\n-r ../requirements.txt\n",
        "requirements-dev.txt": "pytest\ngit+https://x/y.git#egg=plug\n",
        "tests/requirements.txt": "coverage\n",
        "examples/app/requirements.txt": "django\n",
    }
    project = read(texts)
    assert [(each.name, each.specifier, each.group, each.path, each.line) for each in project.dependencies] == [
        ("pytest", "", "dev", "requirements-dev.txt", 1),
        ("plug", "", "dev", "requirements-dev.txt", 2),
        ("flask", "==3.0", "runtime", "requirements.txt", 3),
        ("six", ">=1", "runtime", "requirements/base.txt", 1),
        ("coverage", "", "tests", "tests/requirements.txt", 1),
    ]


def test_requirements_beside_a_packaging_file_are_an_environment() -> None:
    project = read({"pyproject.toml": '[project]\nname = "x"\n', "requirements.txt": "ruff\n"})
    assert rows(project) == [("ruff", "", "requirements", 1)]


def test_a_plain_requirements_file_speaks_for_itself_where_another_includes_it() -> None:
    texts = {"requirements-dev.txt": "-r requirements.txt\nruff\n", "requirements.txt": "six\n"}
    assert rows(read(texts)) == [("ruff", "", "dev", 2), ("six", "", "runtime", 1)]
    texts["setup.cfg"] = "[metadata]\nname = x\n"
    assert rows(read(texts)) == [("ruff", "", "dev", 2), ("six", "", "requirements", 1)]


def test_an_editable_requirement_has_its_name_in_its_address() -> None:
    text = (
        "-e git+https://x/y.git#egg=plug\n--editable=git+https://x/z.git#subdirectory=s&egg=zap\n-e .\n-e lib/a#egg=a\n"
    )
    assert rows(read({"requirements.txt": text})) == [("plug", "", "runtime", 1), ("zap", "", "runtime", 2)]


def test_requirements_files_included_from_other_folders() -> None:
    texts = {
        "requirements-dev.txt": "-r more/deps.txt\n",
        "more/deps.txt": "-r requirements-lint.txt\nnose\n",
        "more/requirements-lint.txt": "ruff\n",
    }
    assert rows(read_project("repo", texts, list(texts), {})) == [("nose", "", "dev", 2), ("ruff", "", "dev", 1)]


def test_setup_cfg_names_requirements_files_and_older_requirements() -> None:
    texts = {
        "sub/setup.cfg": """\
[metadata]
name = x
[options]
install_requires = file: requirements.txt
setup_requires =
    cffi
tests_require = nose
[options.extras_require]
dev = file: requirements-dev.txt, requirements-docs.txt
""",
        "sub/requirements.txt": "six\n",
        "sub/requirements-dev.txt": "ruff\n",
        "sub/requirements-docs.txt": "sphinx\n",
    }
    assert {(each.name, each.group) for each in read(texts, name="x").dependencies} == {
        ("cffi", "build"), ("nose", "tests"), ("six", "runtime"), ("ruff", "dev"), ("sphinx", "dev"),
    }  # fmt: skip
    assert rows(read({"setup.py": "setup(setup_requires=['cffi>=1'])\n"})) == [("cffi", ">=1", "build", 1)]


def test_pdm_has_a_table_of_groups_and_poetry_several_versions() -> None:
    text = """\
[tool.pdm.dev-dependencies]
test = ["pytest>=8", "nose"]
lint = ["ruff"]
[tool.poetry.dependencies]
numpy = [
    {version = "<2", python = "<3.9"},
    {version = ">=2", python = ">=3.9"},
]
attrs = [{version = "*", markers = "a"}, {version = "1"}]
"""
    assert rows(read({"pyproject.toml": text})) == [
        ("nose", "", "test", 2),
        ("pytest", ">=8", "test", 2),
        ("ruff", "", "lint", 3),
        ("numpy", "<2 || >=2", "runtime", 5),
        ("attrs", "", "runtime", 9),
    ]


def test_dynamic_dependencies_are_the_packages_own() -> None:
    text = '[project]\nname = "x"\ndynamic = ["dependencies"]\n'
    text += '[tool.setuptools.dynamic]\ndependencies = {file = ["requirements.txt"]}\n'
    project = read({"pyproject.toml": text, "requirements.txt": "six\n"})
    assert rows(project) == [("six", "", "runtime", 1)]


def test_nearest_packaging_file_names_the_repository() -> None:
    texts = {
        "pyproject.toml": "[tool.ruff]\nline-length = 100\n",
        "lib/a/pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = ["six"]\n',
        "lib/a/setup.cfg": "[metadata]\ndescription = From the neighbour\n",
        "lib/b/pyproject.toml": '[project]\nname = "b"\nversion = "2"\ndependencies = ["attrs"]\n',
        "tests/fixtures/c/pyproject.toml": '[project]\nname = "c"\ndependencies = ["evil"]\n',
    }
    project = read(texts, name="A")
    assert (project.name, project.version, project.tagline) == ("a", "1", "From the neighbour")
    assert read(texts, "lib/b/src/b.py").name == "b"
    assert read(texts, "lib/b/src/b.py", "lib/a/a.py").name == "repo"
    project = read(texts)
    assert (project.name, project.sources) == ("repo", {})
    assert [(each.name, each.path) for each in project.dependencies] == [
        ("six", "lib/a/pyproject.toml"),
        ("attrs", "lib/b/pyproject.toml"),
    ]


def test_readme_describes_before_metadata() -> None:
    texts = {"README.md": "# T\n\n[![b](c)](d)\n\nIt does this thing.\n", "pyproject.toml": PYPROJECT}
    project = read(texts)
    assert (project.description, project.description_path, project.description_line) == (
        "It does this thing.", "README.md", 5,
    )  # fmt: skip
    assert project.tagline == "Does a thing."


def test_instructions_are_no_description_where_metadata_have_one() -> None:
    readme = "# T\n\n## Installation\n\nRun the installer and wait.\n"
    assert read({"README.md": readme, "pyproject.toml": PYPROJECT}).description == "Does a thing."
    assert read({"README.md": readme}).description == "Run the installer and wait."


def test_repository_that_says_nothing() -> None:
    assert read({}, "a.py") == Project("repo")


MIT = (
    "The MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining\na copy of it.\n"
    "The above copyright notice and this permission notice shall be\nincluded in all copies.\n"
)

BSD = "Redistribution and use in source and binary forms\n"


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        (MIT, "MIT"),
        ("                 Apache License\n           Version 2.0, January 2004\n", "Apache-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\n   Version 3, 29 June 2007\n", "GPL-3.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE\n Version 3\n ... the GNU General Public License, version 3", "LGPL-3.0"),
        (
            "Redistribution and use in source and binary forms\n... be used to endorse or promote products derived\n",
            "BSD-3-Clause",
        ),
        ("Redistribution and use in source and binary forms\n", "BSD-2-Clause"),
        ("All rights reserved by us.\n", None),
    ],
)
def test_licence_text(text: str, licence: str | None) -> None:
    project = read({"LICENSE": text})
    assert (project.license, project.license_path) == (licence, "LICENSE" if licence else None)


@pytest.mark.parametrize(
    ("value", "licence"),
    [
        ('"MIT"', "MIT"),
        ('"mit"', "MIT"),
        ('"MIT OR Apache-2.0"', "MIT OR Apache-2.0"),
        ('{text = "Apache License 2.0"}', "Apache-2.0"),
        ('{text = "BSD 3-Clause License"}', "BSD-3-Clause"),
        ('{text = "Proprietary"}', "Proprietary"),
        ('{file = "LICENSE"}', None),
    ],
)
def test_declared_licence(value: str, licence: str | None) -> None:
    assert read({"pyproject.toml": f'[project]\nname = "x"\nlicense = {value}\n'}).license == licence


def test_licence_text_decides_where_metadata_are_vague() -> None:
    texts = {"pyproject.toml": '[project]\nname = "x"\nlicense = {text = "BSD"}\n', "LICENSE": MIT}
    assert (read(texts).license, read(texts).license_path) == ("MIT", "LICENSE")


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["pkg/a.py", "tests/test_a.py", "tests/unit/test_b.py"], ["tests"]),
        (["pkg/tests/test_a.py", "pkg/x/tests/test_b.py"], ["pkg/tests", "pkg/x/tests"]),
        (["test_a.py", "a.py"], ["test_a.py"]),
        (["a.py", "src/env/test.py"], []),
        (["pkg/a.py", "pkg/b.py", "pkg/test_a.py"], ["pkg/test_a.py"]),
        (["pkg/a.py", "t/test_a.py", "t/x/test_b.py", "t/data.py"], ["t"]),
        (
            ["pkg/testing/a.py", "pkg/testing/b.py", "pkg/testing/c.py", "pkg/testing/test_it.py"],
            ["pkg/testing/test_it.py"],
        ),
        (["pkg/testing/a.py", "pkg/testing/b.py", "pkg/testing/_tests/test_it.py"], ["pkg/testing/_tests"]),
    ],
)
def test_test_paths(paths: list[str], expected: list[str]) -> None:
    assert read({}, *paths).test_paths == expected


@pytest.mark.parametrize(
    ("declared", "paths", "expected"),
    [
        (
            "pkg",
            ["pkg/__init__.py", "pkg/a.py", "pkg/tests/test_a.py", "pkg/x/tests/test_b.py"],
            ["pkg/tests", "pkg/x/tests"],
        ),
        ("src", ["src/pkg/__init__.py", "src/pkg/a.py", "tests/test_a.py"], ["tests"]),
        ("src tests", ["src/pkg/__init__.py", "src/pkg/a.py", "src/pkg/test_a.py", "tests/help.py"], ["tests"]),
        ("pkg", ["pkg/__init__.py", "pkg/a.py", "pkg/b.py"], []),
        ("checks", ["pkg/__init__.py", "pkg/a.py", "checks/one.py"], ["checks"]),
        ("t", ["pkg/__init__.py", "pkg/a.py", "t/__init__.py", "t/test_a.py", "t/test_b.py", "t/help.py"], ["t"]),
        ("pkg/test_a.py", ["pkg/__init__.py", "pkg/test_a.py"], ["pkg/test_a.py"]),
        (".", ["pkg/__init__.py", "pkg/test/test_a.py"], ["pkg/test"]),
    ],
)
def test_declared_test_paths_that_hold_the_package_are_no_tests(
    declared: str, paths: list[str], expected: list[str]
) -> None:
    assert read({"pytest.ini": f"[pytest]\ntestpaths = {declared}\n"}, *paths).test_paths == expected


def test_main_modules_are_entry_points() -> None:
    project = read({}, "src/a/__init__.py", "src/a/b/__init__.py", "src/a/b/__main__.py", "tests/x/__main__.py")
    assert [(each.name, each.target, each.path) for each in project.entry_points] == [
        ("python -m a.b", "a.b.__main__", "src/a/b/__main__.py")
    ]


def test_main_modules_are_called_as_the_analysis_calls_them() -> None:
    mains = {"src/company/pkg/__main__.py": "company.pkg.__main__", "run/__main__.py": "__main__", "x/__main__.py": ""}
    found = read_project("repo", {}, list(mains), mains).entry_points
    assert [(each.name, each.target) for each in found] == [("python -m company.pkg", "company.pkg.__main__")]


def test_a_package_may_be_called_like_a_folder_of_other_things() -> None:
    packages = ("cookiecutter", "pkg/testing", "pkg", "tests", "pkg/_vendor")
    mains = [f"{folder}/__main__.py" for folder in (*packages, "templates/app", "cookiecutter-x/app", "pkg/_vendor/y")]
    project = read({}, *mains, *(f"{folder}/__init__.py" for folder in packages))
    assert [each.name for each in project.entry_points] == [
        "python -m cookiecutter", "python -m pkg", "python -m pkg.testing",
    ]  # fmt: skip


README = """\
# Thing

Words about this thing.

```console
$ pip install thing[cli]
Collecting thing
$ pip install other
$ thing serve --port 80  # starts it
$ thing <name>
```

```sh
python tools/run.py
make build
cd thing && ls
```

    uv run pytest -q

```python
pip install thing
```
"""


def test_commands() -> None:
    texts = {"README.md": README, "pyproject.toml": PYPROJECT, "Makefile": "VAR := 1\ntest: deps\n\tpytest\n"}
    project = read(texts, "tools/run.py")
    assert [(each.purpose, each.text, each.path, each.line, each.quote) for each in project.commands] == [
        ("install", "pip install thing[cli]", "README.md", 6, "pip install thing[cli]"),
        ("run", "thing serve --port 80", "README.md", 9, "thing serve --port 80"),
        ("run", "python tools/run.py", "README.md", 14, "python tools/run.py"),
        ("test", "uv run pytest -q", "README.md", 19, "uv run pytest -q"),
        ("test", "make test", "Makefile", 2, "test:"),
    ]
    for command in project.commands:
        assert command.quote in texts[command.path].split("\n")[command.line - 1]


@pytest.mark.parametrize(
    "text",
    [
        "not [ toml",
        "[project]\nname = 3\nversion = []\ndependencies = {}\nlicense = 1\nclassifiers = 3\nscripts = 4\n",
        '[project]\nname = "x"\noptional-dependencies = ["a"]\nentry-points = {a = 1}\nurls = 1\n',
        "[tool.poetry]\ndependencies = 1\nextras = {a = 1}\nscripts = {a = 1}\ngroup = {b = 2}\n",
        "[tool.poetry.dependencies]\na = [{version = 1}]\nb = {optional = 1, version = 2}\n",
        "[tool]\npoetry = 1\nhatch = 2\npytest = 3\nuv = 4\nsetuptools = 5\n",
        "[tool.pytest.ini_options]\ntestpaths = 3\n[tool.setuptools.dynamic]\ndependencies = {file = 3}\n",
        "[dependency-groups]\na = 1\nb = [1, {x = 2}]\n[build-system]\nrequires = 7\n",
        "project = 1\nbuild-system = []\ndependency-groups = 5\ntool = 1\n",
    ],
)
def test_ill_typed_pyproject_declares_nothing(text: str) -> None:
    project = read({"pyproject.toml": text})
    assert [each.name for each in project.dependencies if each.name not in ("a", "b")] == []


@pytest.mark.parametrize(
    "text", ["setup(", "setup(name=", "print 'x'", "a = a\nsetup(name=a)", "a = {**a}\nsetup(**a)", "(" * 5000, "\0"]
)
def test_broken_setup_py_declares_nothing(text: str) -> None:
    assert read({"setup.py": text}).name == "repo"


def test_requirements_that_include_themselves_end() -> None:
    assert rows(read({"requirements.txt": "-r requirements.txt\nsix\n"})) == [("six", "", "runtime", 2)]


def test_requirements_nested_by_the_thousand_are_none() -> None:
    text = "a; " + "(" * 5000 + "python_version < '3'" + ")" * 5000 + "\nsix\n"
    assert rows(read({"requirements.txt": text})) == [("six", "", "runtime", 2)]


def test_toml_places() -> None:
    text = (
        '# c\na.b = 1\n"q.r" = """\nx = 2\n"""\n'
        '[t."u.v"]\nk = [ # c\n  "x, ]",\n  { y = 1, z = [2] },\n\n  [3, 4],\n]\n'
        "[[n]]\np = 1\n[[n]]\np = 2\n[n.m]\no = 3\n"
    )
    places = {key: (place.line, place.end_line, place.items) for key, place in locate(text).items()}
    assert places == {
        ("a",): (2, 2, []),
        ("a", "b"): (2, 2, []),
        ("q.r",): (3, 5, []),
        ("t", "u.v"): (6, 6, []),
        ("t", "u.v", "k"): (7, 12, [8, 9, 11]),
        ("n",): (13, 13, [13, 15]),
        ("n", "0"): (13, 13, []),
        ("n", "0", "p"): (14, 14, []),
        ("n", "1"): (15, 15, []),
        ("n", "1", "p"): (16, 16, []),
        ("n", "1", "m"): (17, 17, []),
        ("n", "1", "m", "o"): (18, 18, []),
    }
