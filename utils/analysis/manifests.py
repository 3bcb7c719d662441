"""What one packaging file declares, each value with its lines."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field

from utils.analysis.licences import licence_of_classifier, names_licence
from utils.analysis.requirements import dependency
from utils.records import Dependency, EntryPoint, Evidence

FIELDS = ("name", "version", "tagline", "requires_python", "license")


@dataclass
class Manifest:
    """One packaging file. `values` has those of FIELDS that it states, `sources` their lines.

    `requirement_files` are {path: group} of the files that it has its dependencies read from.
    """

    path: str
    values: dict[str, str] = field(default_factory=dict)
    sources: dict[str, Evidence] = field(default_factory=dict)
    dependencies: list[Dependency] = field(default_factory=list)
    entry_points: list[EntryPoint] = field(default_factory=list)
    test_paths: list[str] = field(default_factory=list)
    requirement_files: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """The folder it stands in, "" for the root."""
        return posixpath.dirname(self.path)

    def state(self, key: str, value: object, line: int, end_line: int | None = None) -> None:
        """Record a value where it is a non-empty text; what was stated first stays."""
        if isinstance(value, str) and value.strip() and key not in self.values:
            self.values[key] = " ".join(value.split())
            self.sources[key] = Evidence(self.path, line, end_line or line)

    def depend(self, text: object, group: str, line: int) -> None:
        """Record a requirement string; what is none is left out."""
        if isinstance(text, str) and (item := dependency(text, group, self.path, line)):
            self.dependencies.append(item)

    def include(self, name: object, group: str) -> None:
        """Record a requirements file, named as from the packaging file's folder; its first group stays."""
        if isinstance(name, str):
            self.requirement_files.setdefault(posixpath.normpath(posixpath.join(self.folder, name)), group)

    def enter(self, name: str, group: str, target: object, line: int) -> None:
        """Record an entry point."""
        if isinstance(target, str) and target.strip():
            self.entry_points.append(EntryPoint(name, group, target.strip(), self.path, line))

    def classify(self, classifiers: Iterable[tuple[object, int]]) -> None:
        """Licence classifiers, each with its line, count where no licence is stated and all name the same one.

        Of several licences they do not say whether one may choose or all of them hold.
        """
        lines = {text: line for text, line in classifiers if isinstance(text, str) and names_licence(text)}
        found = {licence_of_classifier(text) for text in lines}
        if len(found) == 1:
            self.state("license", found.pop(), min(lines.values()))
