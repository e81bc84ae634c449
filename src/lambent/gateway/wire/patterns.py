"""The models' regular expressions, which are Java's, as Python's.

What differs: `\\p{…}` classes, a `-` after a class escape, named groups, `\\x{…}`; and `\\w`,
`\\d` and `\\s` are ASCII in Java. A pattern is compiled when a value is first held against it.
Values are nearly always ASCII, so `\\p{…}` is first spelled out for ASCII alone: spelling it out
for all of Unicode reads the whole character database.
"""

import re
import sys
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from itertools import groupby

MAX_RISKY_LENGTH = 512
"""A longer value fails a pattern with repeats inside repeats, which could run for ever."""

_ASCII_CLASSES = {
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Upper": "A-Z",
    "Lower": "a-z",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Space": r"\s",
    "Blank": r" \t",
    "XDigit": "0-9a-fA-F",
    "Cntrl": r"\x00-\x1f\x7f",
    "ASCII": r"\x00-\x7f",
    "IsLatin": "a-zA-Z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02b8\u1e00-\u1eff",
}
_NAMED_CATEGORIES = {
    "IsAlphabetic": "L",
    "IsLetter": "L",
    "IsDigit": "Nd",
    "IsPunctuation": "P",
    "IsWhite_Space": "Z",
    "InCombiningDiacriticalMarks": "Mn",
}
_PROPERTY = re.compile(r"\{\^?(\w+)\}|(\w)")
_HEX = re.compile(r"\{([0-9A-Fa-f]{1,6})\}")
_QUANTIFIERS = frozenset("*+{")


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a whole value matches. Raises re.error on first use if Python cannot say it."""
    risky = has_nested_repeats(pattern)

    def matches(value: str) -> bool:
        if risky and len(value) > MAX_RISKY_LENGTH:
            return False
        compiled = _compile(pattern, value.isascii())
        # AWS: an unanchored `^…$` pattern and a bare one mean the same: the whole value.
        return compiled.fullmatch(value) is not None

    return matches


@cache
def _compile(pattern: str, ascii_only: bool) -> re.Pattern[str]:
    if ascii_only and "\\p" not in pattern and "\\P" not in pattern:
        return _compile(pattern, ascii_only=False)
    with warnings.catch_warnings():
        # Java has set operations that Python only reserves; the warning says no more than that.
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(translate(pattern, 128 if ascii_only else sys.maxunicode + 1), re.ASCII)


def translate(pattern: str, limit: int = sys.maxunicode + 1) -> str:
    """The pattern in Python's syntax, with `\\p{…}` spelled out for code points below `limit`."""
    out: list[str] = []
    position = 0
    in_class = False
    after_escape_class = False
    while position < len(pattern):
        character = pattern[position]
        piece, position, is_class = _piece(pattern, position, in_class, limit)
        if (
            in_class
            and character == "-"
            and (after_escape_class or _before_class(pattern, position))
        ):
            piece = r"\-"
        if character == "[" and not in_class:
            in_class = True
            piece, position = _class_start(pattern, position)
        elif character == "[":
            piece = r"\["
        elif character == "]" and in_class:
            in_class = False
        after_escape_class = is_class
        out.append(piece)
    return "".join(out)


def _class_start(pattern: str, position: int) -> tuple[str, int]:
    """The opening of a class, with a `^` if it has one."""
    if pattern[position : position + 1] == "^":
        return "[^", position + 1
    return "[", position


def _before_class(pattern: str, position: int) -> bool:
    return (
        pattern[position : position + 1] == "\\" and pattern[position + 1 : position + 2] in "wdspP"
    )


def _piece(pattern: str, position: int, in_class: bool, limit: int) -> tuple[str, int, bool]:
    """What stands at `position`, in Python's words; where the next begins; is it `\\w`-like."""
    if pattern[position] != "\\" or position + 1 >= len(pattern):
        if pattern.startswith("(?<", position) and pattern[position + 3 : position + 4] not in "=!":
            return "(?P<", position + 3, False
        return pattern[position], position + 1, False
    letter = pattern[position + 1]
    after = position + 2
    if letter in "pP":
        found = _PROPERTY.match(pattern, after)
        if found is not None:
            name = found.group(1) or found.group(2)
            return _property(name, letter == "P", in_class, limit), found.end(), True
    if letter == "x" and (found := _HEX.match(pattern, after)):
        return f"\\U{int(found.group(1), 16):08x}", found.end(), False
    if letter == "z":
        return r"\Z", after, False
    if letter == "h":
        return (r" \t" if in_class else r"[ \t]"), after, True
    if letter.isalpha() and letter not in "abdDfnrstuUvwWxsSBAZ":
        return letter, after, False
    return "\\" + letter, after, letter in "wdsWDS"


def _property(name: str, negated: bool, in_class: bool, limit: int) -> str:
    if name in _ASCII_CLASSES and not negated:
        ranges = _ASCII_CLASSES[name]
    else:
        ranges = _category_ranges(_NAMED_CATEGORIES.get(name, name), negated, limit)
    if in_class:
        return ranges
    return f"[{ranges}]" if ranges else r"(?!)"


@cache
def _category_ranges(category: str, negated: bool, limit: int) -> str:
    """The code points of a general category (`L`, `Lu` …) as the inside of a class."""
    return "".join(
        f"\\U{first:08x}-\\U{last:08x}"
        for known, first, last in _runs(limit)
        if known.startswith(category) is not negated
    )


def _runs(limit: int) -> Iterator[tuple[str, int, int]]:
    """Runs of neighbouring code points of one category."""
    for category, run in groupby(range(limit), key=lambda code: unicodedata.category(chr(code))):
        codes = list(run)
        yield category, codes[0], codes[-1]


def has_nested_repeats(pattern: str) -> bool:
    """Whether an unbounded repeat stands inside another: what can backtrack exponentially."""
    repeats_inside = [False]
    in_class = False
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\":
            position += 2
            continue
        if in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character == "(":
            repeats_inside.append(False)
        elif character == ")" and len(repeats_inside) > 1:
            inner = repeats_inside.pop()
            if inner and pattern[position + 1 : position + 2] in _QUANTIFIERS:
                return True
            repeats_inside[-1] = repeats_inside[-1] or inner
        elif character in _QUANTIFIERS:
            repeats_inside[-1] = True
        position += 1
    return False
