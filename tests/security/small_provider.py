"""A JWKS over HTTP whose keys, speed and health a test decides, and tokens signed with them."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

ISSUER = "https://login.example.org"
Key = RSAKey | ECKey


class SmallProvider:
    """Serves its `keys`; `slow` seconds late, or not at all while `down`."""

    def __init__(self) -> None:
        self.keys: list[Key] = [RSAKey.generate_key(2048, {"kid": "first"})]
        self.more: list[dict[str, Any]] = []
        self.asked = 0
        self.slow = 0.0
        self.down = False
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked += 1
                time.sleep(provider.slow)
                self.send_response(500 if provider.down else 200)
                body = json.dumps(provider.document()).encode()
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def document(self) -> dict[str, Any]:
        """The JWKS as it is served."""
        return {"keys": [*self.more, *(key.as_dict(private=False) for key in self.keys)]}

    def token(
        self, key: Any = None, algorithm: str = "RS256", header: Any = None, **changes: Any
    ) -> str:
        """A token of a person who may read, signed by us unless another key is given."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": "btim",
            "sub": "alice",
            "exp": now + 300,
            "scope": "openid allocation:read",
        } | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        used = key or self.keys[0]
        full = {"alg": algorithm, "kid": used.kid or "first"} | (header or {})
        registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        return jwt.encode(full, claims, used, registry=registry)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
