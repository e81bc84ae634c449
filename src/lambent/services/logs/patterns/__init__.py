"""The filter-pattern language of CloudWatch Logs.

    terms.py     ERROR -DEBUG ?WARN "a phrase" %regex%
    fields.py    [ip, user, status=4*, bytes>1000]
    objects.py   { $.status = 404 && $.path = "/a*" }
    values.py    what the last two compare with
    regexes.py   the subset of regular expressions that AWS allows

Source: Amazon CloudWatch Logs User Guide, "Filter pattern syntax".
"""

from collections.abc import Mapping
from typing import Protocol

from lambent.services.logs.patterns.fields import parse_fields
from lambent.services.logs.patterns.objects import parse_object
from lambent.services.logs.patterns.terms import parse_terms


class Pattern(Protocol):
    """A compiled filter pattern."""

    @property
    def literal(self) -> str:
        """A text that every matching message holds; empty when there is no such text."""
        ...

    def matches(self, message: str) -> bool: ...

    def extract(self, message: str) -> Mapping[str, str]:
        """The values that the pattern names in a message that it matches."""
        ...


def compile_pattern(text: str) -> Pattern:
    """The pattern that `text` is. Raises InvalidParameterException."""
    stripped = text.strip()
    if stripped.startswith("{"):
        return parse_object(stripped)
    if stripped.startswith("["):
        return parse_fields(stripped)
    return parse_terms(stripped)
