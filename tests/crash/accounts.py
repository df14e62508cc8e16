"""Our own book of what the system has accepted, and its comparison with what it answers."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

Value = Decimal | str
Line = tuple[str, Value]
"""How a thing is told apart from all others, and its amount or state."""


@dataclass
class Accounts:
    """What was answered 2xx (`owed`), what was asked for without an answer (`doubtful`)."""

    owed: dict[str, Value] = field(default_factory=dict)
    doubtful: list[Mapping[str, Value]] = field(default_factory=list)
    jobs: list[tuple[str, str]] = field(default_factory=list)
    commands: dict[str, str] = field(default_factory=dict)
    imports: dict[str, int] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    longest_seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note_lines(self, lines: Mapping[str, Value]) -> None:
        """These lines were accepted, or have this state from now on."""
        with self._lock:
            self.owed.update(lines)

    def note_doubtful(self, lines: Mapping[str, Value]) -> None:
        """Nobody answered: all of these lines are there, or none."""
        with self._lock:
            self.doubtful.append(lines)

    def note_gone(self, names: Mapping[str, Value]) -> None:
        """These lines were taken back: none of them may be there."""
        with self._lock:
            for name in names:
                del self.owed[name]

    def note_job(self, service: str, job_id: str) -> None:
        """This job was accepted, so it must end well."""
        with self._lock:
            self.jobs.append((service, job_id))

    def note_command(self, correlation_id: str, command: str) -> None:
        """This command was accepted: the audit trail holds it once."""
        with self._lock:
            self.commands[correlation_id] = command

    def note_crash(self, sentence: str) -> None:
        """A service answered 500, as it knew no better, or did not answer in time."""
        with self._lock:
            self.crashes.append(sentence)

    def differences(self, found: list[Line]) -> list[str]:
        """What the system holds too much, too little or otherwise; empty when all is well."""
        counts = Counter(name for name, _ in found)
        amounts = dict(found)
        wrong = [f"{name} is there {count} times" for name, count in counts.items() if count > 1]
        wrong += [f"{name} is lost" for name in self.owed if name not in amounts]
        wrong += [
            f"{name} is {amounts[name]}, not {amount}"
            for name, amount in self.owed.items()
            if name in amounts and amounts[name] != amount
        ]
        known = set(self.owed)
        for batch in self.doubtful:
            known |= set(batch)
            present = sum(name in amounts for name in batch)
            if present not in {0, len(batch)}:
                wrong.append(f"{present} of {len(batch)} lines of one request are there")
        return wrong + [f"{name} was never sent" for name in amounts if name not in known]
