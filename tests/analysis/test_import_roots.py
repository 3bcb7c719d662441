"""Module names as a reader would import them: found from packages, build files and the repository's own imports."""

import pytest

from utils.analysis.build_files import declared_roots, likely_roots
from utils.analysis.import_roots import Naming, imported_names, name_modules, roots_of


def names(*paths: str, imports: dict[str, str] | None = None, declared: tuple[str, ...] = (), name: str = "repo"):
    said = imports or {}
    return name_modules({path: said.get(path, "").split() for path in paths}, declared, name).modules


def test_a_package_starts_where_init_files_start():
    found = names(
        "src/pkg/__init__.py", "src/pkg/core/__init__.py", "src/pkg/core/a.py", "flat/__init__.py", "flat/b.py"
    )
    assert set(found.values()) == {"pkg", "pkg.core", "pkg.core.a", "flat", "flat.b"}


def test_several_packages_in_one_repository():
    found = names("lib/x/src/x/__init__.py", "lib/x/src/x/a.py", "lib/y/src/y/__init__.py", "tools/z/__init__.py")
    assert found["lib/x/src/x/a.py"] == "x.a"
    assert found["lib/y/src/y/__init__.py"] == "y"
    assert found["tools/z/__init__.py"] == "z"


def test_a_folder_without_init_is_part_of_the_name_when_the_code_imports_it_so():
    paths = ("company/pkg/__init__.py", "company/pkg/a.py", "run.py")
    assert names(*paths)["company/pkg/a.py"] == "pkg.a"
    assert names(*paths, imports={"run.py": "company.pkg.a"})["company/pkg/a.py"] == "company.pkg.a"


def test_src_as_a_package_when_the_code_says_so():
    paths = ("src/pkg/__init__.py", "src/pkg/a.py", "main.py")
    assert names(*paths, imports={"main.py": "src.pkg.a"})["src/pkg/a.py"] == "src.pkg.a"


def test_namespace_modules_below_a_declared_root():
    assert names("src/ns/a.py", "src/ns/sub/b.py", declared=("src",)) == {
        "src/ns/a.py": "ns.a",
        "src/ns/sub/b.py": "ns.sub.b",
    }


def test_scripts_are_named_from_the_root():
    assert names("setup.py", "scripts/run.py", "tests/test_a.py") == {
        "setup.py": "setup",
        "scripts/run.py": "scripts.run",
        "tests/test_a.py": "tests.test_a",
    }


def test_scripts_that_import_each_other_by_bare_name_make_their_folder_a_root():
    found = names("scripts/run.py", "scripts/common.py", imports={"scripts/run.py": "common os"})
    assert found == {"scripts/run.py": "run", "scripts/common.py": "common"}


def test_a_standard_library_name_is_no_evidence():
    assert names("scripts/run.py", "scripts/logging.py", imports={"scripts/run.py": "logging"})["scripts/run.py"] == (
        "scripts.run"
    )


def test_two_packages_of_one_name_stay_apart():
    found = names("app/__init__.py", "examples/one/app/__init__.py", "examples/two/app/__init__.py")
    assert found["app/__init__.py"] == "app"
    assert len(set(found.values())) == 3


def test_a_module_beside_a_package_of_its_name_gives_way():
    assert names("a/__init__.py", "a.py") == {"a/__init__.py": "a", "a.py": "a_"}


def test_a_script_that_is_called_like_a_library_is_not_what_the_package_imports():
    paths = ("pkg/__init__.py", "pkg/a.py", "examples/numpy.py", "examples/csv.py", "examples/show.py", "examples/b.py")
    said = {"pkg/a.py": "numpy csv", "examples/show.py": "numpy b", "examples/b.py": "pkg.a"}
    found = names(*paths, imports=said)
    assert (found["examples/numpy.py"], found["examples/csv.py"]) == ("examples.numpy", "examples.csv")
    assert (found["examples/b.py"], found["examples/show.py"]) == ("b", "show")
    assert names(*paths, "run.py", imports={**said, "run.py": "b"})["examples/b.py"] == "examples.b"


def test_a_repository_that_is_itself_a_package():
    paths = ("__init__.py", "nodes.py", "sub/__init__.py")
    assert names(*paths, name="my-nodes") == {
        "__init__.py": "my_nodes",
        "nodes.py": "my_nodes.nodes",
        "sub/__init__.py": "my_nodes.sub",
    }
    assert names(*paths, imports={"nodes.py": "sub"})["sub/__init__.py"] == "sub"
    assert names(*paths, imports={"nodes.py": "pack.sub"})["sub/__init__.py"] == "pack.sub"


def test_a_package_at_the_root_is_called_what_most_imports_say():
    paths = ("__init__.py", "http/__init__.py", "views.py")
    imports = {"views.py": "http.client pack.http", "http/__init__.py": "pack.views views"}
    assert names(*paths, imports=imports, name="other")["http/__init__.py"] == "pack.http"


def test_a_package_at_the_root_that_imports_relatively_is_one():
    paths = ("__init__.py", "numba/__init__.py", "hf.py")
    imports = {"__init__.py": ".", "hf.py": ". numba"}
    assert names(*paths, imports=imports, name="pack")["hf.py"] == "pack.hf"
    assert names(*paths, imports=imports | {"__init__.py": ""}, name="pack")["hf.py"] == "hf"


def test_a_library_with_a_module_of_the_same_name_does_not_name_the_package_at_the_root():
    paths = ("__init__.py", "nn.py", "utils.py")
    imports = {"__init__.py": ".", "nn.py": "torch.nn torch.optim", "utils.py": "torch.utils torch.nn _typeshed.nn"}
    assert names(*paths, imports=imports, name="plugin")["nn.py"] == "plugin.nn"
    imports = {"nn.py": "torch.nn torch.nn.functional torch.optim torch.utils torch.utils.data"}
    assert names(*paths, imports=imports, name="plugin")["nn.py"] == "plugin.nn"


def test_imported_names_are_read_without_parsing():
    source = b"import a.b, c\nfrom d.e import f\n    from g import h\nfrom . import i\nx = 'import j'\n"
    assert imported_names(source) == {"a.b", "d.e", "g", "."}


@pytest.mark.parametrize(
    ("path", "text", "roots"),
    [
        ("pyproject.toml", '[tool.setuptools.packages.find]\nwhere = ["src"]', {"src"}),
        ("pyproject.toml", '[tool.setuptools]\npackage-dir = {"" = "lib"}', {"lib"}),
        ("pyproject.toml", '[tool.poetry]\npackages = [{include = "x", from = "python"}]', {"python"}),
        ("pyproject.toml", '[tool.hatch.build.targets.wheel]\npackages = ["src/foo"]', {"src"}),
        ("pyproject.toml", '[tool.pytest.ini_options]\npythonpath = "."', {""}),
        ("pyproject.toml", "not [ toml", set()),
        ("lib/a/pyproject.toml", '[tool.setuptools.packages.find]\nwhere = ["src"]', {"lib/a/src"}),
        ("setup.cfg", "[options]\npackage_dir =\n    = src\n", {"src"}),
        ("setup.cfg", "[options]\nPackage-Dir =\n    = src\n", {"src"}),
        ("setup.cfg", "[options.packages.find]\nwhere = lib\n", {"lib"}),
        ("setup.py", "setup(package_dir={'': 'src', 'pkg': 'other/pkg'})", {"src", "other"}),
        ("setup.py", "setup(packages=find_packages('src'))", {"src"}),
        ("setup.py", "setup(package_dir={'': '../outside'})", set()),
        ("setup.py", "setup(package_dir=compute())", set()),
    ],
)
def test_build_files_declare_import_roots(path: str, text: str, roots: set[str]):
    assert declared_roots({path: text}) == roots


def naming(*paths: str, imports: dict[str, str] | None = None, likely: tuple[str, ...] = ()) -> Naming:
    said = imports or {}
    return name_modules({path: said.get(path, "").split() for path in paths}, (), "repo", likely)


def test_below_a_package_that_gave_way_its_short_name_means_it():
    services = [f"services/{each}/app/{name}.py" for each in "ab" for name in ("__init__", "main", "models")]
    said = {path: "app.models" for path in services if path.endswith("main.py")}
    found = naming(*services, imports=said)
    assert found.modules["services/a/app/models.py"] == "app.models"
    assert found.modules["services/b/app/models.py"] == "services.b.app.models"
    assert found.local_roots == ["services/b"]
    assert roots_of("services/b/tests/test_a.py", found.local_roots) == ("services.b",)
    assert roots_of("services/bc/main.py", found.local_roots) == ()


def test_tests_that_are_called_like_their_package_mean_the_package():
    paths = ("src/pkg/__init__.py", "src/pkg/core.py", "tests/pkg/__init__.py", "tests/pkg/test_core.py")
    for said in ("pkg.core", "pkg"):
        assert naming(*paths, imports={"tests/pkg/test_core.py": said}).local_roots == []
    helpers = (*paths, "tests/pkg/helpers.py")
    assert naming(*helpers, imports={"tests/pkg/test_core.py": "pkg.helpers"}).local_roots == ["tests"]


def test_src_beside_a_build_file_is_an_import_root_unless_the_code_says_otherwise():
    likely = tuple(likely_roots(["pyproject.toml"]))
    paths = ("src/tool.py", "src/spread/m.py", "src/company/pkg/__init__.py", "src/company/pkg/a.py")
    assert naming(*paths, likely=likely).modules == {
        "src/tool.py": "tool",
        "src/spread/m.py": "spread.m",
        "src/company/pkg/__init__.py": "company.pkg",
        "src/company/pkg/a.py": "company.pkg.a",
    }
    assert naming(*paths).modules["src/tool.py"] == "src.tool"
    said = {"main.py": "src.tool"}
    assert naming(*paths, "main.py", imports=said, likely=likely).modules["src/tool.py"] == "src.tool"
