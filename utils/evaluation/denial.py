"""Does an answer say that what was asked about does not exist? The one judgement that needs words, in both languages.

A negation counts only where it is about the question's subject: that "an item is not found" says nothing of `total`.
And it counts only where the subject gets no place: "there is no `total` … it is in `src/cart.py`" says where it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_OPENING = 400  # characters; a denial that comes later follows upon another answer
_READ = 4000  # characters that are looked through for a place
_SUBJECT, _PLACE, _OTHER = "\ue000", "\ue001", "\ue002"  # what names are masked by before the patterns below are tried

_THING = (
    r"(?:symbols?|functions?|class(?:es)?|methods?|modules?|names?|definitions?|identifiers?|elements?|attributes?|"
    r"constants?|propert(?:y|ies)|implementations?|declarations?|mentions?|trace|entry|entries|code|occurrences?|objects?|"
    r"things?|members?|variables?|files?|records?|references?|information|evidence|sign|results?|match(?:es)?)"
)
_WORDS = (  # between a negation and the subject: "could not *find any function called* `f`"
    rf"(?:(?:{_THING}|an?|any|the|such|single|real|public|exact|exactly|like|matching|with|by|as|or|and|of|for|about|on|"
    r"named|called|labelled|known|defined|find|found|locate|located|see|seen|contains?|defines?|have|includes?|provides?|"
    r"offers?|knows?|recogni[sz]e|exists?|aware|familiar|been|able|to|seem|appear|is|actually|currently|really),?\s+)"
)
_REST = (
    rf"(?:\s+(?:{_THING}|itself|also|simply|actually|really|currently|"
    r"(?:in|of|within|from)\s+(?:the\s+|this\s+)?\S+)){0,4}"
)
_NARROW = (  # "not defined *inside a class*" denies a detail and not the thing
    r"(?!\s+(?:what|how|why|whether)\b)(?!\s+(?:in|inside|within|as|by|on|to|for|with|outside)\s+(?:an?\b|its\b|every\b|all\b|(?:the|any|this|that)\s+"
    rf"(?:\w+\s+)?(?:class|function|method|body|signature|api|docs?|documentation)\b|(?:the\s+\w+\s+)?{_PLACE}))"
)
_BUT_NOT_ALL = (
    r"(?!\s+(?:an?|any|its|every|all|(?:the|this|that)\s+(?:\w+\s+)?(?:class|function|method|signature|api))\b)"
)
_ENGLISH = re.compile(
    rf"""
    (?:\b(?:no|nothing|none|lacks?)\s+{_WORDS}{{0,9}}?
      |(?:\b(?:not|cannot|never|unable|fail(?:s|ed)?)|n['’]t)\s+{_WORDS}{{1,9}}?)["']?{_SUBJECT}
  | \b(?:not|un)\s*familiar\s+with\s+{_WORDS}{{0,6}}?{_SUBJECT}
  | \bno\s+such\s+{_THING}
  | (?:\b(?:no|nothing|any)|n['’]t\s+an?|\bnot\s+an?)\s+(?:{_THING}\s+)?
      (?:named\s+that|(?:by|of|with|under)\s+th(?:at|is)\s+(?:exact\s+)?name)
  | (?:{_SUBJECT}["']?|\b(?:that|this|such\s+an?)\s+(?:exact\s+)?{_THING}){_REST}\s+(?:
        (?:[a-z]+\s+not|[a-z]+n['’]t|cannot)\s+(?:(?:actually|currently|even|seem|appear|to|be|been|an?|known\s+to)\s+)*
        (?:(?:exist|appear|occur|found|located|present|defined|declared|mentioned|there|real|valid|known|existing|recogni[sz]ed)\b{_NARROW}
          |(?:part\s+of|among|one\s+of|in(?=\s+(?:the|this)\s+(?:repo|proj|code))){_BUT_NOT_ALL})
      | (?:is|are|seems?|appears?)\s+(?:to\s+be\s+)?(?:non-?existent|absent|missing)\b{_NARROW}
      | (?:never\s+existed|fails?\s+to\s+exist))
  | ^\W*there(?:\s+(?:is|are)|['’]s)\s+none\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BARE = re.compile(  # at the very start "it" can only be what was asked about
    r"^(\W*(?:(?:no|sorry|unfortunately|i['’]m\s+sorry|actually|well)\b\W*)*)(?:it\b|(i\s+(?:\w+\s+not|\w+n['’]t|cannot)\s+"
    r"(?:find|see|locate)\s+)(?:it|one|that)\b)",
    re.IGNORECASE,
)
_THING_ZH = (
    r"(?:符号|函数|类|方法|模块|名称|名字|定义|标识符|属性|常量|实现|声明|变量|成员|东西|代码|文件|信息|记录|内容)"
)
_WORDS_ZH = (
    rf"(?:\s|任何|一个|名为|名叫|叫作|叫做|叫|称为|这个|这样的|那个|该|此|的|含|包含|提供|找到|发现|看到|见到|查到|关于|有关|相关|"
    rf"和|与|或|、|“|「|{_THING_ZH}){{0,12}}"
)
_NO_CASE_ZH = r"(?!\s*(?:时|的时候|的话|则|就))"
_CHINESE = re.compile(
    rf"""
    (?:没有?|未能?|无法|不存在|不包?含|未包含|找不[到着]|查不到|并?无|查无)有?{_WORDS_ZH}{_SUBJECT}{_NO_CASE_ZH}
  | (?:{_SUBJECT}|[这该此]个?{_THING_ZH}|^\W*(?:(?:抱歉|对不起|没有|不)\W)?(?:它|其)?)
    (?:[\s”」]|这个|这一|这样的|的|{_THING_ZH}|在[^，。；中里内]{{1,20}}[中里内]|
      [A-Za-z0-9_.-]{{1,30}}\s?[中里内]){{0,5}}(?:并|根本|其实|似乎|好像)?
    (?:不存在|找不[到着]|查不到|(?:没有?|未能?|无法)(?:找到|发现|定义|出现|见到)|尚未定义|
      未在[^，。；]{{1,16}}?(?:定义|找到|出现|声明)|不在(?:这个|该|本)?(?:仓库|项目|代码)|
      不是(?:这个|该|本)?(?:仓库|项目)){_NO_CASE_ZH}
  | (?:没有|并?无|不存在|查无|没找到|未找到|找不到)\s*(?:这个|这样的?|该|此|那个)\s*的?{_THING_ZH}(?!的)
    """,
    re.VERBOSE,
)
_CONDITION = re.compile(
    r"\b(?:if|when|whenever|unless|where|whether|in\s+case|until|because|rais(?:es?|ed|ing)|throws?)\b[^,.;\n]*"
    r"|(?:如果|若|当|除非|假如|一旦)[^，。；\n]*",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"(?<=[.!?;])\s+|[。！？；\n…]+")
_WORD = r"(?:\s+(?!(?:not|no|never|\w+n['’]t)\b)[\w'’-]+)"
_PLACED = re.compile(
    rf"""
    (?:{_SUBJECT}|\b(?:it|which)\b){_WORD}{{0,2}}?
      \s+(?:is|was|be|lives?|resides?|sits|stands|exists|appears|comes)\b{_WORD}{{0,5}}?\s+(?:in|at|inside|within|under|from|by)\s+(?:[\w'’-]+\s+){{0,3}}?{_PLACE}
  | {_SUBJECT}\s*(?:[:(–—]|->|→)\s*(?:(?:defined\s+)?in\s+)?{_PLACE}
  | {_PLACE}\s+(?:defines|contains|has|holds|implements|declares)\s+(?:[\w-]+\s+){{0,3}}?{_SUBJECT}
  | (?:{_SUBJECT}|[它其])[^，。；\n不没未非无{_OTHER}]{{0,14}}?(?:在|于|来自)[^，。；\n{_OTHER}]{{0,8}}?{_PLACE}
    """,
    re.IGNORECASE | re.VERBOSE,
)
_PRONOUN = re.compile(r"(?:it|which|[它其])", re.IGNORECASE)
_CODE = r"(?:`[^`\n]+`|[\w./-]*\w\.[A-Za-z]\w*)"
_NEGATED = re.compile(
    rf"""
    (?:\b(?:not|never)|n['’]t)\s+(?:(?!but\b|only\b|just\b)[A-Za-z]+\s+){{0,4}}?{_CODE}
  | (?:不在|不位于|不是|并非|没有?定义在|未定义在|不调用|没有?调用|不继承自?|不属于)
    \s*(?:在|文件|模块|函数|类)?\s*{_CODE}
    """,
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED = re.compile(r"“[^”]*”|「[^」]*」")
_INLINE = re.compile(r"`[^`\n]*`")
_FILE = re.compile(r"(?:[\w.-]+/)+[\w.-]*\w|\w[\w.-]*\.[A-Za-z]\w*", re.ASCII)
_CJK = re.compile(r"[\u4e00-\u9fff]")


def denies(answer: str, subjects: Iterable[str]) -> bool:
    """True when the answer's first sentences say that what was asked about does not exist.

    `subjects` are the names of that. What the answer quotes (a docstring, source) is not its own word, "not in `a.py`
    but in `b.py`" denies nothing, and neither does what it says of a case ("if `f` is not found").
    """
    text = _masked(answer[:_READ], frozenset(subjects))
    denied = any(pattern.search(clause) for clause in _clauses(text[:_OPENING]) for pattern in (_ENGLISH, _CHINESE))
    return denied and not _is_placed(text)


def affirmed(answer: str) -> str:
    """The answer without what it negates: "not in `a.py` but in `b.py`" says `b.py` alone. Code negates nothing."""
    masked = _INLINE.sub(lambda code: f"`{'x' * (len(code.group()) - 2)}`", _FENCED.sub(_blank, answer))
    kept, end = [], 0
    for negated in _NEGATED.finditer(masked):
        kept.append(answer[end : negated.start()])
        end = negated.end()
    return " ".join([*kept, answer[end:]])


def _clauses(opening: str) -> list[str]:
    first, *others = (_CONDITION.sub(" ", clause).strip() for clause in _CLAUSE.split(opening.strip()))
    return [_BARE.sub(lambda start: f"{start[1]}{start[2] or ''}{_SUBJECT}", first), *others]


def _is_placed(text: str) -> bool:
    """True where the subject is said to be in a place, denials aside; "it" and "which" mean what was named last."""
    for pattern in (_ENGLISH, _CHINESE):
        text = pattern.sub(f"{_SUBJECT};", text)
    for placed in _PLACED.finditer(text):
        if not _PRONOUN.match(placed.group()):
            return True
        before = text[: placed.start()]
        if before.rfind(_OTHER) <= before.rfind(_SUBJECT):
            return True
    return False


def _masked(answer: str, subjects: frozenset[str]) -> str:
    """The answer without fences and quotations, its names masked: the subject, places, and all other code."""
    name = _pattern_of(subjects)
    text = _FENCED.sub(" ", answer)
    text = _QUOTED.sub(lambda quoted: _SUBJECT if name.fullmatch(quoted.group()[1:-1]) else " ", text)
    marked = _INLINE.sub(lambda code: _mask(code.group()[1:-1].strip(), name), text)
    plain = name if _CJK.search(answer) else _pattern_of(frozenset(filter(_is_no_word, subjects)))
    return _FILE.sub(_PLACE, plain.sub(_SUBJECT, marked))


def _mask(code: str, name: re.Pattern[str]) -> str:
    if name.fullmatch(code):
        return _SUBJECT
    return _PLACE if _FILE.fullmatch(code) else _OTHER


def _is_no_word(name: str) -> bool:
    """True for a name that stands out of a sentence without backticks; `check` and `total` are English words."""
    return not (name.isalpha() and name.islower())


@lru_cache(maxsize=4096)
def _pattern_of(subjects: frozenset[str]) -> re.Pattern[str]:
    """Matches each of the names, also at the end of a dotted one and with what it is called with."""
    names = "|".join(re.escape(name) for name in sorted(subjects, key=lambda name: (-len(name), name)))
    return re.compile(
        rf"@?(?<![\w./-])(?:\w+\.)*(?:{names})(?:\([^()\n]*\))?(?![\w(/-]|\.\w)" if names else r"(?!)", re.ASCII
    )


def _blank(code: re.Match[str]) -> str:
    return " " * len(code.group())
