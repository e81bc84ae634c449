"""The ARN that stands for a version of a runtime: `arn:aws:lambda:REGION::runtime:<64 hex>`."""

import hashlib

from lambent.core.identity import partition_of


def runtime_version_arn(region: str, version: str) -> str:
    """A stable ARN for a runtime version such as `python:3.12.v1`.

    AWS's own hashes are of builds that do not exist here; ours is of the version's name, so that
    the same runtime has the same ARN everywhere.
    """
    digest = hashlib.sha256(version.encode()).hexdigest()
    return f"arn:{partition_of(region)}:lambda:{region}::runtime:{digest}"
