"""Single values: what each type of the model is in Python, in text, and when it is wrong.

Parsing raises SerializationException in AWS's words: the client sent it. Writing raises TypeError:
a service answered with what the model does not have, which is a bug of ours.
"""

import base64
import binascii
import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from lambent.core.errors import SerializationException
from lambent.gateway.wire import timestamps

Convert = Callable[[Any], Any]

_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_FLOAT = re.compile(r"[+-]?(?:\d{1,400}\.?\d{0,400}|\.\d{1,400})(?:[eE][+-]?\d{1,4})?", re.ASCII)
_SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_TYPE_NAMES = {
    "string": "String",
    "character": "Character",
    "boolean": "Boolean",
    "integer": "Integer",
    "long": "Long",
    "float": "Float",
    "double": "Double",
    "timestamp": "milliseconds since epoch",
    "blob": "Blob",
}
_JAVA_CLASSES = {"timestamp": "java.util.Date", "blob": "java.nio.ByteBuffer"}


def wrong_type(value: Any, wanted: str) -> SerializationException:
    """What AWS answers to a JSON or CBOR value of another type than the model's.

    AWS: observed words of DynamoDB, kept in the tests of the public dynalite project.
    """
    single = wanted in _TYPE_NAMES
    if isinstance(value, dict):
        return SerializationException("Start of structure or map found where not expected")
    if isinstance(value, list):
        if not single:
            return SerializationException("Start of list found where not expected")
        name = _JAVA_CLASSES.get(wanted, f"java.lang.{_TYPE_NAMES[wanted]}")
        return SerializationException(f"Unrecognized collection type class {name}")
    if not single:
        return SerializationException("Unexpected field type")
    if wanted == "blob":
        return SerializationException("only base-64-encoded strings are convertible to bytes")
    if wanted == "boolean" and isinstance(value, str):
        return SerializationException("Unexpected token received from parser")
    return SerializationException(f"{_token(value)} cannot be converted to {_TYPE_NAMES[wanted]}")


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    if isinstance(value, int):
        return "NUMBER_VALUE"
    if isinstance(value, float):
        return "DECIMAL_VALUE"
    return "BYTES_VALUE" if isinstance(value, bytes) else "STRING_VALUE"


def bad_text(text: str, wanted: str) -> SerializationException:
    """What is answered to a text that is no value of the wanted type."""
    return SerializationException(f"'{text[:100]}' can not be converted to {_TYPE_NAMES[wanted]}")


def integer_from_text(text: str) -> int:
    # Stripped first: `int` takes fewer characters for blanks than `strip` does.
    text = text.strip()
    if _INTEGER.fullmatch(text) is None:
        raise bad_text(text, "integer")
    return int(text)


def float_from_text(text: str) -> float:
    text = text.strip()
    if text in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[text]
    if _FLOAT.fullmatch(text) is None:
        raise bad_text(text, "double")
    return float(text)


def boolean_from_text(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered not in {"true", "false"}:
        raise bad_text(text, "boolean")
    return lowered == "true"


def blob_from_text(text: str) -> bytes:
    """Base64, strictly. AWS: the words, spelling included, are DynamoDB's."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        if len(text) % 4:
            message = (
                f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(text)}"
            )
        else:
            message = "Invalid last non-pad Base64 character dectected"
        raise SerializationException(message) from error


def timestamp_from_text(format_: str) -> Convert:
    def parse(text: str) -> datetime:
        try:
            return timestamps.from_text(text, format_)
        except ValueError as error:
            raise bad_text(text, "timestamp") from error

    return parse


def text_decoder(type_name: str, timestamp_format: str) -> Convert:
    """Text to value, for headers, labels, query strings, forms and XML."""
    decoders: dict[str, Convert] = {
        "integer": integer_from_text,
        "long": integer_from_text,
        "float": float_from_text,
        "double": float_from_text,
        "boolean": boolean_from_text,
        "blob": blob_from_text,
    }
    if type_name == "timestamp":
        return timestamp_from_text(timestamp_format)
    return decoders.get(type_name, str)


def string_out(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a string is wanted, not {value!r}")
    return value


def integer_out(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"an integer is wanted, not {value!r}")
    return value


def float_out(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"a number is wanted, not {value!r}")
    return value


def boolean_out(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"a boolean is wanted, not {value!r}")
    return value


def blob_out(value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise TypeError(f"bytes are wanted, not {value!r}")
    return bytes(value)


def timestamp_out(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"an instant with a time zone is wanted, not {value!r}")
    return value


def float_or_special(value: Any) -> float | str:
    """A number as JSON and text can hold it: NaN and the infinities are words."""
    number = float_out(value)
    if math.isfinite(number):
        return number
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def base64_out(value: Any) -> str:
    return base64.b64encode(blob_out(value)).decode("ascii")


def text_encoder(type_name: str, timestamp_format: str) -> Callable[[Any], str]:
    """Value to text, for headers and XML (unescaped)."""
    encoders: dict[str, Callable[[Any], str]] = {
        "integer": lambda value: str(integer_out(value)),
        "long": lambda value: str(integer_out(value)),
        "float": lambda value: str(float_or_special(value)),
        "double": lambda value: str(float_or_special(value)),
        "boolean": lambda value: "true" if boolean_out(value) else "false",
        "blob": base64_out,
        "timestamp": lambda value: timestamps.to_text(timestamp_out(value), timestamp_format),
    }
    return encoders.get(type_name, string_out)
