"""Print `service_table.json` anew from the installed botocore.

    python -m lambent.gateway.make_service_table > src/lambent/gateway/service_table.json

Reading every model takes seconds, so it is done here and not when Lambent starts.
"""

import json
import sys
from collections import Counter
from typing import Any

from botocore.loaders import Loader

_HOW = "from botocore's service models; made by: python -m lambent.gateway.make_service_table"


def build() -> dict[str, dict[str, Any]]:
    """What tells each of botocore's services from the others, by service name."""
    loader = Loader()
    names = loader.list_available_services("service-2")
    models = {name: loader.load_service_model(name, "service-2") for name in names}
    sharing = Counter(_signing_name(model["metadata"]) for model in models.values())
    return {
        name: _row(model, shares=sharing[_signing_name(model["metadata"])] > 1)
        for name, model in sorted(models.items())
    }


def render() -> str:
    """The whole file, one service a line."""
    rows = [
        f"  {json.dumps(name)}: {json.dumps(row, separators=(', ', ': '))}"
        for name, row in build().items()
    ]
    return "{" + f'"source": {json.dumps(_HOW)},\n "services": {{\n' + ",\n".join(rows) + "\n }}\n"


def _row(model: dict[str, Any], *, shares: bool) -> dict[str, Any]:
    metadata = model["metadata"]
    protocols = [metadata["protocol"], *metadata.get("protocols", ())]
    # AWS: a service that moved from query to another protocol still takes query (SQS).
    if "awsQueryCompatible" in metadata:
        protocols.append("query")
    row = {
        "signing": _signing_name(metadata),
        "endpoint": metadata["endpointPrefix"],
        "version": metadata["apiVersion"],
        "protocols": list(dict.fromkeys(protocols)),
    }
    if "targetPrefix" in metadata:
        row["target"] = metadata["targetPrefix"]
    if shares and row["protocols"][0].startswith("rest-"):
        row["roots"] = _path_roots(model)
    return row


def _signing_name(metadata: dict[str, Any]) -> str:
    return str(metadata.get("signingName", metadata["endpointPrefix"]))


def _path_roots(model: dict[str, Any]) -> list[str]:
    """The first path segments of the service's operations, where they are literal."""
    paths = (operation["http"]["requestUri"] for operation in model["operations"].values())
    roots = {path.split("?")[0].lstrip("/").split("/")[0] for path in paths}
    return sorted(root for root in roots if root and "{" not in root)


if __name__ == "__main__":
    sys.stdout.write(render())
