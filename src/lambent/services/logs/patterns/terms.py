"""Patterns of terms: `ERROR -DEBUG ?WARN "a phrase" %regex%`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lambent.services.logs.errors import InvalidParameterException
from lambent.services.logs.patterns.regexes import MAX_REGEXES, compile_regex

_TERM = re.compile(
    r"""(?P<sign>[-?]?)
        (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|%(?P<regex>(?:[^%\\]|\\.)+)%|(?P<word>[^\s"]+))
        (?=\s|$)""",
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"\s*")
# AWS: a term of anything but letters, digits and underscores has to be quoted.
_WORD = re.compile(r"[\w*]+")


@dataclass(frozen=True, slots=True)
class _Term:
    text: str
    regex: re.Pattern[str] | None = None

    def within(self, message: str) -> bool:
        if self.regex is not None:
            return self.regex.search(message) is not None
        return self.text in message


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsPattern:
    """Every wanted term, no unwanted one; or, where only optional ones are given, one of those."""

    wanted: tuple[_Term, ...] = ()
    unwanted: tuple[_Term, ...] = ()
    optional: tuple[_Term, ...] = ()

    @property
    def literal(self) -> str:
        texts = [term.text for term in self.wanted]
        if not texts and len(self.optional) == 1:
            texts = [self.optional[0].text]
        return max(texts, key=len, default="")

    def matches(self, message: str) -> bool:
        for term in self.wanted:
            if not term.within(message):
                return False
        for term in self.unwanted:
            if term.within(message):
                return False
        # AWS: optional terms beside wanted ones are ignored.
        if self.optional and not self.wanted:
            return any(term.within(message) for term in self.optional)
        return True

    def extract(self, message: str) -> Mapping[str, str]:
        return {}


def parse_terms(text: str) -> TermsPattern:
    """The pattern of terms that `text` is. Raises InvalidParameterException."""
    by_sign: dict[str, list[_Term]] = {"": [], "-": [], "?": []}
    at = 0
    while at < len(text):
        found = _TERM.match(text, at)
        if found is None:
            raise InvalidParameterException(f"Invalid filter pattern: {text}")
        by_sign[found["sign"]].append(_term(found))
        space = _SPACE.match(text, found.end())
        at = space.end() if space else len(text)
    pattern = TermsPattern(
        wanted=tuple(by_sign[""]), unwanted=tuple(by_sign["-"]), optional=tuple(by_sign["?"])
    )
    terms = (*pattern.wanted, *pattern.unwanted, *pattern.optional)
    if sum(term.regex is not None for term in terms) > MAX_REGEXES:
        raise InvalidParameterException(
            f"Invalid filter pattern: no more than {MAX_REGEXES} regular expressions"
        )
    return pattern


def _term(found: re.Match[str]) -> _Term:
    if found["regex"] is not None:
        return _Term("", compile_regex(found["regex"]))
    if found["quoted"] is not None:
        return _Term(re.sub(r"\\(.)", r"\1", found["quoted"], flags=re.DOTALL))
    word = found["word"]
    if not _WORD.fullmatch(word):
        raise InvalidParameterException(f"Invalid character(s) in term '{word}'")
    return _Term(word)
