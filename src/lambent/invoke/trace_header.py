"""The X-Ray trace header: `Root=1-8hex-24hex;Parent=16hex;Sampled=0|1;Lineage=…`."""

import re
from dataclasses import dataclass

from lambent.core.ids import IdSource

_ROOT = re.compile(r"1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceHeader:
    """A trace header's known fields; empty where the header has none."""

    root: str = ""
    parent: str = ""
    sampled: str = ""
    lineage: str = ""

    def __str__(self) -> str:
        fields = (
            ("Root", self.root),
            ("Parent", self.parent),
            ("Sampled", self.sampled),
            ("Lineage", self.lineage),
        )
        return ";".join(f"{key}={value}" for key, value in fields if value)


def parse_trace_header(text: str | None) -> TraceHeader:
    """What a client sent; fields that are not well-formed count as absent, as in the SDKs."""
    if not text:
        return TraceHeader()
    fields = dict(part.strip().split("=", 1) for part in text.split(";") if "=" in part)
    root = fields.get("Root", "")
    return TraceHeader(
        root=root if _ROOT.fullmatch(root) else "",
        parent=fields.get("Parent", ""),
        sampled=fields.get("Sampled", "") if fields.get("Sampled") in ("0", "1") else "",
        lineage=fields.get("Lineage", ""),
    )


def header_for_function(
    received: TraceHeader, *, lineage: str, now: float, ids: IdSource
) -> TraceHeader:
    """What the function sees: the caller's trace continued, or a new one that is not sampled."""
    return TraceHeader(
        root=received.root or f"1-{int(now):08x}-{ids.hex(24)}",
        parent=ids.hex(16),
        sampled=received.sampled or "0",
        lineage=lineage,
    )
