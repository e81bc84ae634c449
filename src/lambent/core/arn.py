"""Amazon Resource Names: `arn:partition:service:region:account:resource`."""

from dataclasses import dataclass

from lambent.core.identity import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Arn:
    """A parsed ARN. `resource` is all that follows the fifth colon, colons included."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        parts = ("arn", self.partition, self.service, self.region, self.account, self.resource)
        return ":".join(parts)

    @property
    def scope(self) -> Scope:
        return Scope(self.partition, self.account, self.region)


def parse_arn(text: str) -> Arn | None:
    """The ARN that `text` is, or None when it is none."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[2] or not parts[5]:
        return None
    return Arn(
        partition=parts[1],
        service=parts[2],
        region=parts[3],
        account=parts[4],
        resource=parts[5],
    )


def arn_in(scope: Scope, service: str, resource: str) -> str:
    """The ARN of `resource` in `scope`."""
    return f"arn:{scope.partition}:{service}:{scope.region}:{scope.account}:{resource}"
