"""Does an answer say that something does not exist? The one judgement that needs words, so it has them by language."""

from __future__ import annotations

import re

_THING = (
    r"(?:symbol|function|class|method|module|name|definition|identifier|element|attribute|constant|property|"
    r"implementation|declaration|mention|trace|entry|code|occurrence|object|thing|member|variable|file|record|"
    r"reference|information|evidence|sign|result|match)s?"
)
_DINGE = r"(?:符号|函数|类|方法|模块|名称|名字|定义|标识符|属性|常量|实现|声明|变量|成员|东西|代码|文件|信息|记录|内容)"
_NOT = r"(?:\s+not|\s*n['’]t)"
_DENIALS = (
    re.compile(
        rf"""
        \bthere(?:\s+(?:is|are|was)|['’]s)\s+(?:no|not\s+any|nothing)\b(?:\s+\S+){{0,3}}\s+(?:named|called|by|of|with|in|for|`)
      | \bthere\s+(?:is|are){_NOT}\s+(?:a|an|any)\b
      | \bno\s+(?:\w+\s+){{0,3}}(?:named|called)\b
      | \b(?:has|have|contains?|defines?|includes?|finds?|found|knows?|see)\s+no\s+(?:\w+\s+){{0,2}}`
      | \bno\s+{_THING}\s+(?:`|by\s+th|of\s+th|with\s+th|for\s+`|about\s+`|on\s+`|is\s+(?:defined|found)|exists?)
      | \bno\s+such\b
      | \b(?:does|do|did|could|can|is|are|was|were|would){_NOT}\s+(?:\w+\s+){{0,2}}?
          (?:exist|appear|occur|found|present|defined|declared|part\s+of|in\s+the\s+(?:repository|project|code)|
          find|locate|see\s+(?:a|any|`)|contain\s+(?:a|any|the|`)|define\s+(?:a|any|the|anything|`)|
          have\s+(?:a|any|an)\s+(?:\w+\s+)?(?:{_THING}|`)|have\s+`|include\s+(?:a|any|`)|
          a\s+(?:real|valid|known|defined|recogni[sz]ed)|aware\s+of|familiar\s+with)
      | \b(?:cannot|ca\s*n['’]t|can['’]t)\s+(?:be\s+(?:found|located)|find|locate|see)
      | \bunable\s+to\s+(?:find|locate)
      | \b(?:fail(?:s|ed)?\s+to\s+(?:find|locate)|non-?existent|not\s+aware\s+of|(?:not|un)\s*familiar\s+with)\b
      | \b(?:does|do){_NOT}\s+seem\s+to\s+(?:be|have|exist)
      | \bnothing\s+(?:named|called|by\s+(?:that|this|the)\s+name|of\s+(?:that|this)\s+name|is\s+(?:named|called))
      | \bnot\s+(?:defined|found|present|part\s+of|among|one\s+of)\b
        """,
        re.IGNORECASE | re.VERBOSE,
    ),
    re.compile(
        r"不存在|找不到|找不着|没有?找到|未找到|未能找到|无法找到|没有?发现|未发现|没有?看到|没有?见到|没有?查到|查无|查不到|"
        r"未定义|尚未定义|没有?定义|并未定义|未包含|不包含|不含|没有?包含|没有名为|没有叫|没有一个|没有任何|没有相关|没有提供|"
        r"并没有|并无|无此|没有(?:这个|这样|该|此)|没有\s*`|没有出现|未出现|"
        rf"没有\s*[A-Za-z_][A-Za-z0-9_.]*\s*(?:这个|这一|这样的|的)?{_DINGE}|"
        r"不在(?:这个|该|本)?(?:仓库|项目|代码)|不是(?:该|本|这个)?(?:仓库|项目)"
    ),
)
_PLACED = r"(?:`[^`\n]+`|[\w./-]*\w\.[A-Za-z]\w*)"
_NEGATED = re.compile(
    rf"""
    (?:\b(?:not|never)|n['’]t)\s+(?:(?!but\b|only\b|just\b)[A-Za-z]+\s+){{0,4}}?{_PLACED}
  | (?:不在|不位于|不是|并非|没有?定义在|未定义在|不调用|没有?调用|不继承自?|不属于)
    \s*(?:在|文件|模块|函数|类)?\s*{_PLACED}
    """,
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_FILE = re.compile(r"\w/[\w./-]*\w\.\w")
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED = re.compile(r"```.*?(?:```|\Z)|“[^”]*”|「[^」]*」", re.DOTALL)
_INLINE = re.compile(r"`[^`\n]*`")


def denies(answer: str) -> bool:
    """True when the answer's first sentences say that what was asked about does not exist.

    What it quotes (a docstring, source) is not its own word, and "not in `a.py` but in `b.py`" denies nothing.
    """
    placed = affirmed(answer)
    unquoted = _QUOTED.sub(" ", placed if _FILE.search(placed) else answer)
    opening = _INLINE.sub(lambda code: "`code`" if " " in code.group() else code.group(), unquoted)[:400]
    return any(pattern.search(opening) for pattern in _DENIALS)


def affirmed(answer: str) -> str:
    """The answer without what it negates: "not in `a.py` but in `b.py`" says `b.py` alone. Code negates nothing."""
    masked = _INLINE.sub(lambda code: f"`{'x' * (len(code.group()) - 2)}`", _FENCED.sub(_blank, answer))
    kept, end = [], 0
    for negated in _NEGATED.finditer(masked):
        kept.append(answer[end : negated.start()])
        end = negated.end()
    return " ".join([*kept, answer[end:]])


def _blank(code: re.Match[str]) -> str:
    return " " * len(code.group())
