"""Who sends a request, by the credentials it names. Nothing here checks a signature."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from lambent.core.http import HttpRequest
from lambent.core.identity import DEFAULT_ACCOUNT, Caller, Scope, account_of, partition_of
from lambent.gateway.errors import IncompleteSignatureException, InvalidSignatureException

_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_PRESIGNED = re.compile(r"(?:^|&)X-Amz-Credential=([^&]*)", re.IGNORECASE)
_OLD_PRESIGNED = re.compile(r"(?:^|&)AWSAccessKeyId=([^&]*)")
# Callers remembered; every key and region pair makes one, and an attacker can invent many.
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls, and the service and region that their signature is for, where it names them."""

    caller: Caller
    signing_name: str | None = None
    names_region: bool = False


class Authenticator:
    """Reads credentials: SigV4 and SigV4a in the header or the query string, and S3's SigV2."""

    def __init__(self, *, default_region: str, default_account: str) -> None:
        self._default_region = default_region
        self._default_account = default_account
        self._identity_by_credential: dict[str, Identity] = {}
        self._anonymous = Identity(self._caller(None, default_region))

    def identify(self, request: HttpRequest) -> Identity:
        """Who sends this request.

        Raises IncompleteSignatureException, InvalidSignatureException.
        """
        authorization = request.headers.get("authorization")
        if authorization is None:
            if "X-Amz-" not in request.query and "AWSAccessKeyId" not in request.query:
                return self._anonymous
            return self._from_query(request.query)
        if authorization.startswith("AWS4-"):
            # Invariant: only the credential is the key: the signature changes with every request.
            credential = _credential_part(authorization)
            known = self._identity_by_credential.get(credential)
            return known or self._remember(credential)
        if authorization.startswith("AWS "):
            return self._from_access_key(authorization[4:].partition(":")[0].strip())
        return self._anonymous

    def placed(self, caller: Caller, region: str | None) -> Caller:
        """A caller whose signature names no region, in `region` where it is known."""
        return self._caller(caller.access_key_id, region) if region else caller

    def _from_query(self, query: str) -> Identity:
        if presigned := _PRESIGNED.search(query):
            credential = unquote(presigned[1])
            return self._identity_by_credential.get(credential) or self._remember(credential)
        if old := _OLD_PRESIGNED.search(query):
            return self._from_access_key(unquote(old[1]))
        return self._anonymous

    def _from_access_key(self, access_key_id: str) -> Identity:
        # AWS: signature version 2 names neither region nor service; only S3 still takes it.
        return Identity(self._caller(access_key_id, self._default_region), "s3")

    def _remember(self, credential: str) -> Identity:
        identity = self._parse(credential)
        if len(self._identity_by_credential) >= _REMEMBERED:
            self._identity_by_credential.clear()
        self._identity_by_credential[credential] = identity
        return identity

    def _parse(self, credential: str) -> Identity:
        parts = credential.split("/")
        if len(parts) == 4 and parts[-1] == "aws4_request":
            # SigV4a signs for a set of regions, which its scope leaves out.
            return Identity(self._caller(parts[0], self._default_region), parts[2])
        if len(parts) < 5:
            raise IncompleteSignatureException(
                "Credential must have exactly 5 slash-delimited elements, e.g. "
                f"keyid/date/region/service/term, got '{credential}'"
            )
        access_key_id, (_date, region, service, _term) = "/".join(parts[:-4]), parts[-4:]
        if not _REGION.fullmatch(region):
            raise InvalidSignatureException("Credential should be scoped to a valid region.")
        return Identity(self._caller(access_key_id, region), service, names_region=True)

    def _caller(self, access_key_id: str | None, region: str) -> Caller:
        account = account_of(access_key_id) if access_key_id else self._default_account
        if account == DEFAULT_ACCOUNT:
            account = self._default_account
        scope = Scope(partition_of(region), account, region)
        return Caller(scope=scope, access_key_id=access_key_id)


def _credential_part(authorization: str) -> str:
    start = authorization.find("Credential=")
    if start < 0:
        raise IncompleteSignatureException(
            "Authorization header requires 'Credential' parameter. "
            f"Authorization={authorization.partition(' ')[0]}"
        )
    start += len("Credential=")
    end = authorization.find(",", start)
    return (authorization[start:] if end < 0 else authorization[start:end]).strip()
