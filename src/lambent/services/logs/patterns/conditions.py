"""Boolean expressions over conditions: `()` binds before `&&`, and that before `||`."""

import re
from collections.abc import Callable
from typing import Generic, TypeVar, cast

from lambent.services.logs.errors import InvalidParameterException
from lambent.services.logs.patterns.regexes import MAX_REGEXES
from lambent.services.logs.patterns.values import Operator, Value

S = TypeVar("S")
Test = Callable[[S], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<operator><=|>=|!=|&&|\|\||[=<>(),\]{}])
      | "(?P<quoted>(?:[^"\\]|\\.)*)"
      | %(?P<regex>(?:[^%\\]|\\.)+)%
      | (?P<selector>\$(?:\.[^\s.\[\]=<>!&|(){},"%]+|\.?\['(?:[^'\\]|\\.)*'\]
            |\.?\["(?:[^"\\]|\\.)*"\]|\[\d+\]|\[\*\])*)
      | (?P<ellipsis>\.\.\.|…)
      | (?P<word>(?:[^\s"=<>!&|(){},\]\[]|!(?!=)|&(?!&)|\|(?!\|))+)
    )""",
    re.VERBOSE | re.DOTALL,
)
# Deeper nesting than anybody writes, and shallower than the interpreter's stack.
_MAX_DEPTH = 50


class Reader(Generic[S]):
    """Reads tokens of one pattern, and expressions of a given kind of condition."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        if sum(kind == "regex" for kind, _ in self._tokens) > MAX_REGEXES:
            raise self.error(f"no more than {MAX_REGEXES} regular expressions")

    def peek(self) -> tuple[str, str]:
        """The kind and text of the next token; ("end", "") at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def peek_after(self) -> tuple[str, str]:
        """The token after the next one."""
        after = self._at + 1
        return self._tokens[after] if after < len(self._tokens) else ("end", "")

    def next(self) -> tuple[str, str]:
        token = self.peek()
        self._at += 1
        return token

    def take(self, text: str) -> bool:
        """Step over an operator, if it is next."""
        if self.peek() != ("operator", text):
            return False
        self._at += 1
        return True

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise self.error(f"expected {text!r} but found {self.peek()[1]!r}")

    def comparator(self) -> Operator:
        kind, text = self.next()
        if kind != "operator" or text not in ("=", "!=", "<", "<=", ">", ">="):
            raise self.error(f"expected a comparison but found {text!r}")
        return cast("Operator", text)  # The line above leaves no other.

    def value(self) -> Value:
        match self.next():
            case ("quoted", text):
                return Value("quoted", re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL))
            case ("regex", text):
                return Value("regex", text)
            case ("word", text):
                return Value("bare", text)
            case (_, text):
                raise self.error(f"expected a value but found {text!r}")

    def expression(self, condition: Callable[[], Test[S]], depth: int = 0) -> Test[S]:
        """Conditions joined by `||`, `&&` and parentheses."""
        if depth > _MAX_DEPTH:
            raise self.error("too many parentheses")
        alternatives = [self._conjunction(condition, depth)]
        while self.take("||"):
            alternatives.append(self._conjunction(condition, depth))
        if len(alternatives) == 1:
            return alternatives[0]
        return lambda subject: any(test(subject) for test in alternatives)

    def _conjunction(self, condition: Callable[[], Test[S]], depth: int) -> Test[S]:
        tests = [self._operand(condition, depth)]
        while self.take("&&"):
            tests.append(self._operand(condition, depth))
        if len(tests) == 1:
            return tests[0]
        return lambda subject: all(test(subject) for test in tests)

    def _operand(self, condition: Callable[[], Test[S]], depth: int) -> Test[S]:
        if not self.take("("):
            return condition()
        inner = self.expression(condition, depth + 1)
        self.expect(")")
        return inner

    def error(self, what: str) -> InvalidParameterException:
        return InvalidParameterException(f"Invalid filter pattern: {what}, in {self._text}")


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise InvalidParameterException(f"Invalid filter pattern: {text}")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return tokens
