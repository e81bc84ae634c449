"""The models' regular expressions, which are Java's, as Python's.

What differs: `\\p{…}` classes, a `-` after a class escape, named groups, `\\x{…}`; and `\\w`,
`\\d` and `\\s` are ASCII in Java. A pattern is compiled when a value is first held against it,
and `\\p{…}` is spelled out for ASCII and for the value's own other characters alone: spelling it
out for all of Unicode would read the whole character database.
"""

import re
import unicodedata
import warnings
from collections.abc import Callable
from functools import lru_cache

MAX_LENGTH = 1024
"""A longer value fails a pattern that could cost much, unless its shape allows more than that."""

_ASCII = "".join(map(chr, range(128)))

# Parts of patterns that Python cannot say, or would match in exponential time, and what they mean.
_EQUIVALENTS = {
    r"[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*": r"[\t\x20-\x7E]*[\x20-\x7E][\t\x20-\x7E]*",
    r"[ \t]*[^\x00-\x1F:\x7F]+([ \t]+[^\x00-\x1F:\x7F]+)*[ \t]*": (
        r"[^\x00-\x08\x0A-\x1F:\x7F]*[^\x00-\x1F:\x7F][^\x00-\x08\x0A-\x1F:\x7F]*"
    ),
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010FFFF",
}
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
_UNBOUNDED = re.compile(r"[*+]|\{\d+,\d*\}")


def compile_pattern(pattern: str, longest: int | None = None) -> Callable[[str], bool]:
    """Whether a whole value matches; `longest` is the most its shape allows.

    Raises re.error on first use if Python cannot say it.
    """
    for part, equivalent in _EQUIVALENTS.items():
        pattern = pattern.replace(part, equivalent)
    max_length = max(longest or 0, MAX_LENGTH) if is_costly(pattern) else None
    has_properties = "\\p" in pattern or "\\P" in pattern

    def matches(value: str) -> bool:
        if max_length is not None and len(value) > max_length:
            return False
        others = ""
        if has_properties and not value.isascii():
            others = "".join(sorted({character for character in value if character > "\x7f"}))
        # AWS: a `^…$` pattern and a bare one mean the same: the whole value.
        return _compile(pattern, others).fullmatch(value) is not None

    return matches


@lru_cache(maxsize=2048)
def _compile(pattern: str, others: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        # Java has set operations that Python only reserves; the warning says no more than that.
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(translate(pattern, others), re.ASCII)


def translate(pattern: str, others: str = "") -> str:
    """The pattern in Python's syntax, `\\p{…}` spelled out for ASCII and the other characters."""
    characters = _ASCII + others
    out: list[str] = []
    position = 0
    in_class = False
    after_escape_class = False
    while position < len(pattern):
        character = pattern[position]
        piece, end, is_class = _piece(pattern, position, in_class, characters)
        beside_class = after_escape_class or _before_class(pattern, end)
        if in_class and character == "-" and beside_class:
            piece = r"\-"
        if character == "[" and not in_class:
            in_class = True
            piece, end = _class_start(pattern, end)
        elif character == "[":
            piece = r"\["
        elif character == "]" and in_class:
            in_class = False
        position = end
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


def _piece(pattern: str, position: int, in_class: bool, characters: str) -> tuple[str, int, bool]:
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
            return _property(name, letter == "P", in_class, characters), found.end(), True
    if letter == "x" and (found := _HEX.match(pattern, after)):
        return f"\\U{int(found.group(1), 16):08x}", found.end(), False
    if letter == "z":
        return r"\Z", after, False
    if letter == "h":
        return (r" \t" if in_class else r"[ \t]"), after, True
    if letter.isalpha() and letter not in "abdDfnrstuUvwWxsSBAZ":
        return letter, after, False
    return "\\" + letter, after, letter in "wdsWDS"


def _property(name: str, negated: bool, in_class: bool, characters: str) -> str:
    if name in _ASCII_CLASSES and not negated:
        inside = _ASCII_CLASSES[name]
    else:
        category = _NAMED_CATEGORIES.get(name, name)
        inside = "".join(
            f"\\U{ord(character):08x}"
            for character in characters
            if unicodedata.category(character).startswith(category) is not negated
        )
    if in_class:
        return inside
    return f"[{inside}]" if inside else "(?!)"


def is_costly(pattern: str) -> bool:
    """Whether it has several unbounded repeats, which could take each other's place for long."""
    outside = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern)
    return len(_UNBOUNDED.findall(outside)) > 1
