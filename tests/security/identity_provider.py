"""A real OIDC provider (npm `oidc-provider`) on loopback, whose keys are ours to rotate."""

import json
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from joserfc.jwk import RSAKey

from tests.running import outside_environment

SOURCE = Path(__file__).with_name("provider")
FOLDER = Path(__file__).resolve().parents[2] / "build" / "identity-provider"


def why_not() -> str | None:
    """Why the provider cannot be run here; None once npm has put it into build/."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "provider.mjs"):
        shutil.copy(SOURCE / name, FOLDER / name)
    if not (FOLDER / "node_modules" / "oidc-provider").exists():
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"npm could not install the provider: {done.stderr[-300:]}"
    return None


class IdentityProvider:
    """The provider as a process of its own; `rotate` and `start` restart it with other keys."""

    def __init__(self, folder: Path, *kids: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.jwks_url = f"{self.issuer}/jwks"
        self.keys = [RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}) for kid in kids]
        self._file = folder / f"keys-{self.port}.json"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve with the present keys; tokens are signed with the first."""
        keys = [key.as_dict(private=True) for key in self.keys]
        self._file.write_text(json.dumps({"keys": keys}))
        command = ["node", "provider.mjs", str(self.port), str(self._file), self.issuer]
        self._process = subprocess.Popen(
            command,
            cwd=FOLDER,
            env=outside_environment(NODE_ENV="test"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 30
        while not self._answers():
            if time.monotonic() > until:
                raise TimeoutError("the identity provider did not start")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.jwks_url, timeout=5).close()  # noqa: S310 - loopback
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End it, as a provider that is down."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def rotate(self, *kids: str) -> None:
        """Have these keys and no others; those that are known stay the same."""
        known = {key.kid: key for key in self.keys}
        self.keys = [
            known.get(kid) or RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}) for kid in kids
        ]
        self.stop()
        self.start()

    def token(self, scope: str, resource: str = "urn:btim", client: str = "robot") -> str:
        """An access token that the provider gave a client for a resource."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_secret": f"{client}-secret",
            "scope": scope,
            "resource": resource,
        }
        body = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{self.issuer}/token", body, timeout=10) as answer:  # noqa: S310
            given: dict[str, Any] = json.load(answer)
        return str(given["access_token"])
