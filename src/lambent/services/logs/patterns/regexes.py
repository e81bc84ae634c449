"""Regular expressions in filter patterns: AWS's subset, and only those that end in time."""

import re
import warnings

# The parser that re itself uses; there is no other way to see what an expression repeats.
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parser  # type: ignore[attr-defined]
from typing import Any

from lambent.services.logs.errors import InvalidParameterException

# AWS: no more than two in one pattern.
MAX_REGEXES = 2

# AWS: these stand for themselves; every other symbol is escaped by a backslash.
_PLAIN = re.compile(r"[\w\s:#=@/;,<>'\"!&~`\-%]", re.ASCII)
_OPERATORS = "^$?[]{}|\\*+.()"
_CLASSES = "dDsSwWbB"


def compile_regex(text: str) -> re.Pattern[str]:
    """The regular expression between two `%`. Raises InvalidParameterException."""
    _check_symbols(text)
    try:
        with warnings.catch_warnings():
            # "Possible nested set": re keeps `[[` for later; in AWS's subset it is plain.
            warnings.simplefilter("ignore", FutureWarning)
            tree = sre_parser.parse(text, re.ASCII)
            compiled = re.compile(text, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidParameterException(f"Invalid regex pattern {text!r}: {error}") from None
    if not _ends_in_time(tree):
        raise InvalidParameterException(
            f"Invalid regex pattern {text!r}: what is repeated must be of one length and hold no "
            "alternatives"
        )
    return compiled


def _check_symbols(text: str) -> None:
    escaped = False
    if "(?" in text.replace("\\\\", "").replace("\\(", ""):
        raise InvalidParameterException(f"Invalid regex pattern {text!r}: (? is not supported")
    for symbol in text:
        if escaped:
            escaped = False
            if symbol.isalnum() and symbol not in _CLASSES:
                raise InvalidParameterException(
                    f"Invalid regex pattern {text!r}: \\{symbol} is not supported"
                )
        elif symbol == "\\":
            escaped = True
        elif symbol not in _OPERATORS and not _PLAIN.match(symbol):
            raise InvalidParameterException(
                f"Invalid regex pattern {text!r}: {symbol!r} is not supported"
            )


def _ends_in_time(tree: Any) -> bool:
    """Whether no repetition holds what can match one text in several ways.

    Such an expression may take exponential time to fail, and matching holds the interpreter: it
    would stop the whole platform.
    """
    if isinstance(tree, tuple) and len(tree) == 2 and tree[0] in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        _, most, body = tree[1]
        shortest, longest = body.getwidth()
        if most > _FEW and (shortest != longest or _branches(body)):
            return False
        return _ends_in_time(body)
    if isinstance(tree, tuple | list | sre_parser.SubPattern):
        return all(_ends_in_time(part) for part in tree)
    return True


def _branches(tree: Any) -> bool:
    if isinstance(tree, tuple) and len(tree) == 2 and tree[0] is sre.BRANCH:
        return True
    if isinstance(tree, tuple | list | sre_parser.SubPattern):
        return any(_branches(part) for part in tree)
    return False


# A repetition that can only be tried so often is harmless.
_FEW = 4
