"""Looking at one file for what it contributes to the patterns."""

from __future__ import annotations

import msgspec

from utils.analysis.patterns.code_blocks import document_uses
from utils.analysis.patterns.findings import Findings
from utils.analysis.patterns.interaction import interactions
from utils.analysis.patterns.lines import SourceLines
from utils.analysis.patterns.names import Names
from utils.analysis.patterns.registration import registrations_in
from utils.analysis.patterns.source import Contents, File, Source
from utils.analysis.patterns.usage import Uses, uses


def look(file: File, names: Names, contents: Contents) -> Findings:
    """The file's findings; whatever of other files plays a part is asked of `names`, which keeps account of it."""
    path = file.path
    if file.module is None:
        return Findings(_encoded(document_uses(contents.document(path), names)))
    sheet, lines = contents.sheet(path), SourceLines(lambda: contents.text(path))
    own = {outline.id: outline for outline in sheet.outlines}
    source = Source(path, file.module, sheet, own, file.bases, file.sites, lines, names)
    patterns = msgspec.json.encode(list(interactions(source)))
    return Findings(_encoded(uses(source)), patterns[1:-1], registrations_in(source))


def _encoded(found: Uses) -> dict[str, bytes]:
    return {module: msgspec.msgpack.encode(spans) for module, spans in found.items()}
