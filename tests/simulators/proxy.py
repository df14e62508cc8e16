"""Stands before another server and passes everything on, but for the faults that are planned."""

import http.client
from urllib.parse import urlsplit

from tests.simulators.faults import FaultName
from tests.simulators.server import Answer, Request, SimulatedServer

_PASSED = ("authorization", "accept", "apikey", "content-type", "prefer", "sap-client")
_RETURNED = {"content-type", "retry-after", "odata-version", "dataserviceversion"}


class FaultProxy(SimulatedServer):
    """Real servers do not break on demand; this breaks the way to them.

    Addresses of the server behind, in bodies as well, are rewritten to this one, as a gateway does.
    """

    def __init__(self, behind: str) -> None:
        super().__init__()
        self._behind = urlsplit(behind).netloc
        self._last: Answer | None = None

    def is_data(self, request: Request) -> bool:
        """All reads but those of the metadata."""
        return request.method == "GET" and not request.path.endswith("$metadata")

    def answer(self, request: Request, fault: FaultName | None) -> Answer:
        """What the server behind says, or the page before once more."""
        if fault == "duplicate_page" and self._last is not None:
            return self._last
        answer = self._passed_on(request)
        if self.is_data(request) and answer.status == 200:
            self._last = answer
        return answer

    def _passed_on(self, request: Request) -> Answer:
        headers = {name: value for name, value in request.headers.items() if name in _PASSED}
        behind = http.client.HTTPConnection(self._behind, timeout=30)
        try:
            behind.request(request.method, request.target, request.body or None, headers)
            found = behind.getresponse()
            body = found.read()
            kept = {name: text for name, text in found.getheaders() if name.lower() in _RETURNED}
        finally:
            behind.close()
        here = urlsplit(self.url).netloc
        return Answer(found.status, body.replace(self._behind.encode(), here.encode()), kept)
