"""depends_on: an init container for each, which ends once the other service's port is answered."""

from __future__ import annotations

from typing import Any

from devenv.modes.k3s.render.naming import WAIT, labels
from devenv.stack.model import Service, Stack

FOLDER = "/devenv"
# Runs in the service's own image: Debian has bash, busybox and Alpine nc, anything of ours python3.
SCRIPT = """\
#!/bin/sh
# wait.sh HOST PORT: ends once a connection is accepted. A Service of which no pod is ready refuses it.
if command -v bash >/dev/null; then
    # shellcheck disable=SC2016 # bash expands it
    try() { timeout 2 bash -c ': <"/dev/tcp/$1/$2"' bash "$1" "$2"; }
elif command -v nc >/dev/null; then
    # Not every busybox has -z. One that is connected and then told nothing is ended: that is an answer too.
    try() {
        timeout 5 nc -w 2 "$1" "$2" </dev/null >/dev/null
        case $? in 0 | 124 | 143) ;; *) return 1 ;; esac
    }
else
    try() { python3 -c 'import socket, sys; socket.create_connection(sys.argv[1:], 2)' "$1" "$2"; }
fi
asked=0
until try "$1" "$2" 2>/dev/null; do
    [ $((asked % 30)) -ne 0 ] || echo "waiting for $1:$2"
    asked=$((asked + 1))
    sleep 0.3 || sleep 1
done
echo "$1:$2 answers"
"""


def wait_script() -> dict[str, Any]:
    """The ConfigMap with the script."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": WAIT, "labels": labels()},
        "data": {"wait.sh": SCRIPT},
    }


def wait_containers(stack: Stack, service: Service, security: dict[str, Any]) -> list[dict[str, Any]]:
    """An init container for each service that `service` depends on."""
    return [
        {
            "name": f"wait-for-{needed}",
            "image": service.image,
            "imagePullPolicy": "IfNotPresent",
            "command": ["sh", f"{FOLDER}/wait.sh", needed, str(stack.services[needed].ports[0].target)],
            "resources": {
                "limits": {"cpu": "200m", "memory": "64Mi"},
                "requests": {"cpu": "10m", "memory": "16Mi"},
            },
            "securityContext": security,
            "volumeMounts": [{"name": WAIT, "mountPath": FOLDER, "readOnly": True}],
        }
        for needed in service.depends_on
    ]
