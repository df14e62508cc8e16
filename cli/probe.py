"""Is a service ready? `python -m cli.probe 8001` exits 0 when /readyz answers 200.

Without a port: whether a service or worker answers on one of the usual ones.
"""

import http.client
import sys

USUAL_PORTS = [8001, 8002, 8003, 9100]


def is_ready(port: int, host: str = "127.0.0.1", timeout_seconds: float = 2.0) -> bool:
    """Whether /readyz on this port answers 200."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    ports = [int(port) for port in sys.argv[1:]] or USUAL_PORTS
    sys.exit(0 if any(is_ready(port) for port in ports) else 1)
