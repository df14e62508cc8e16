"""What every refusal has, and what none may tell."""

import re

MEMBERS = {"type", "title", "status", "detail", "code", "correlation_id", "errors"}
INSIDES = re.compile(
    r"Traceback \(most recent|File \"[^\"]+\", line|site-packages|/(usr|home|root|tmp|work)/"
    r"|psycopg|sqlalchemy|\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bUPDATE\b.+\bSET\b",
    re.DOTALL,
)
