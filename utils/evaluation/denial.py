"""Does an answer say that something does not exist? The one judgement that needs words, so it has them by language."""

from __future__ import annotations

import re

_THING = (
    r"(?:symbol|function|class|method|module|name|definition|identifier|element|attribute|constant|property|"
    r"implementation|declaration|mention|trace|entry|code|occurrence|object|thing|member|variable)"
)
_DENIALS = (
    re.compile(
        rf"""
        \bthere\s+(?:is|are|was)\s+(?:no|not\s+any|nothing)\b(?:\s+\S+){{0,3}}\s+(?:named|called|by|of|with|in|`)
      | \bno\s+(?:\w+\s+){{0,3}}(?:named|called)\b
      | \b(?:has|have|contains?|defines?|includes?|finds?|found|knows?|see)\s+no\s+(?:\w+\s+){{0,2}}`
      | \bno\s+{_THING}\s+(?:`|by\s+th|of\s+th|with\s+th|is\s+(?:defined|found)|exists)
      | \bno\s+such\b
      | \b(?:does|do|did|could|can|is|are|was|were|would)\s*(?:not|n't|n’t)\s+(?:\w+\s+){{0,2}}?
          (?:exist|appear|occur|found|present|defined|declared|part\s+of|in\s+the\s+(?:repository|project|code)|
          find|contain\s+(?:a|any|the)|define\s+(?:a|any|the|anything)|have\s+(?:a|any)\s+(?:\w+\s+)?{_THING}|include\s+(?:a|any))
      | \bcannot\s+(?:be\s+found|find|locate)
      | \bnon-?existent\b
      | \bnothing\s+(?:named|called|by\s+(?:that|this|the)\s+name|of\s+(?:that|this)\s+name|is\s+(?:named|called))
      | \bnot\s+(?:defined|found|present|part\s+of|among|one\s+of)\b
        """,
        re.IGNORECASE | re.VERBOSE,
    ),
    re.compile(
        r"不存在|并不存在|找不到|没有找到|未找到|没找到|查无|查不到|未定义|没有定义|没定义|并未定义|未包含|不包含|并不包含|"
        r"没有名为|没有叫|没有一个|没有任何|并没有|并无|无此|没有这个|没有这样|没有该|没有此|没有\s*`|没有出现|未出现|"
        r"不在(?:这个|该|本)?(?:仓库|项目|代码)|不是(?:该|本|这个)?(?:仓库|项目)"
    ),
)


_QUOTED = re.compile(r"```.*?(?:```|\Z)|“[^”]*”|「[^」]*」", re.DOTALL)
_INLINE = re.compile(r"`[^`\n]*`")


def denies(answer: str) -> bool:
    """True when the answer's first sentences say that what was asked about does not exist.

    What it quotes (a docstring, source) is not its own word.
    """
    unquoted = _QUOTED.sub(" ", answer)
    opening = _INLINE.sub(lambda code: "`code`" if " " in code.group() else code.group(), unquoted)[:400]
    return any(pattern.search(opening) for pattern in _DENIALS)
