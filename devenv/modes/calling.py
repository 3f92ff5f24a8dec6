"""The real call that `x-ready.bucket_call` asks for, once the declared probe is content."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.endpoints import Endpoints
from devenv.ready import Probe, bucket_probe
from devenv.secrets import Secrets
from devenv.stack.model import Stack

ADMIN, SECRET = "lakehouse-admin", "S3_ROOT_PASSWORD"


def calls(stack: Stack, endpoints: Endpoints, secrets: Secrets) -> Mapping[str, Probe]:
    """Service -> its call, for those that ask for one."""
    return {
        name: bucket_probe(endpoints[name].address, ADMIN, secrets[SECRET])
        for name, service in stack.services.items()
        if service.bucket_call and name in endpoints and SECRET in secrets
    }
