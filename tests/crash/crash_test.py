"""kill -9 of one random process at random moments: nothing accepted is lost or doubled.

    python -m tests.crash.crash_test --kills 20 --seed 7 --replicas

Starts `btim up` in a folder of its own and lets robots write by every path that the API has.
After every kill the system must come back by itself (a killed supervisor is started again). Every
so many kills the robots rest: the system must hold exactly what it has answered for, have done
every job, told every event and sealed every command. Prints each kill.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.crash.access_paths import ACCESS
from tests.crash.accounts import Accounts
from tests.crash.calling import Caller
from tests.crash.checking import check, check_audit_trail, check_run
from tests.crash.deliveries import Deliveries
from tests.crash.fact_paths import FILES, PUSHES
from tests.crash.model import set_up
from tests.crash.month_paths import MONTHS, RUNS
from tests.crash.running_system import KINDS, RunningSystem, Victim
from tests.crash.traffic import Robot, Traffic
from tests.crash.value_paths import VALUE
from tests.receiving import Receiver

DEFAULT_PORT_BASE = 18451
ROBOTS = [(PUSHES, 0.3), (FILES, 1.0), (MONTHS, 0.5), (RUNS, 4.0), (VALUE, 1.0), (ACCESS, 1.0)]
PATHS = [path for paths, _ in ROBOTS for path in paths]
SETTINGS = {
    "BTIM_WORKER_HEARTBEAT_SECONDS": "0.5",
    "BTIM_WORKER_STALLED_SECONDS": "3",
    "BTIM_WEBHOOK_ALLOW_PRIVATE": "true",
    "BTIM_JOB_MAX_ATTEMPTS": "1000",
}
LONGEST_LIFE_SECONDS = 1.2


def main(arguments: list[str] | None = None) -> int:
    """0 when every check held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--check-every", type=int, default=5, help="kills between two checks")
    parser.add_argument("--together", type=int, default=1, help="kills before all must be back")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", choices=KINDS, action="append", help="kill only this kind")
    parser.add_argument("--replicas", action="store_true", help="two of each service and worker")
    parser.add_argument("--port-base", type=int, default=DEFAULT_PORT_BASE)
    wished = parser.parse_args(arguments)
    seed = wished.seed if wished.seed is not None else random.SystemRandom().randrange(10**6)
    _say(f"seed {seed}, {wished.kills} kills")
    folder = Path(tempfile.mkdtemp(prefix="btim-crash-"))
    system = RunningSystem(folder / "data", wished.port_base, settings=dict(SETTINGS))
    crashing = Crashing(system, seed)
    try:
        system.start()
        if wished.replicas:
            system.add_replicas()
        choice = wished.only or KINDS
        crashing.run(wished.kills, wished.check_every, wished.together, choice)
        code = system.stop()
    except BaseException:
        _say(f"kept for reading: {folder}")
        system.stop()
        raise
    assert code == 0, f"the last stop ended with {code}"
    shutil.rmtree(folder, ignore_errors=True)
    accounts = crashing.accounts
    _say(
        f"{wished.kills} kills: {len(accounts.commands)} commands, {len(accounts.owed)} entries of"
        f" the book, {len(accounts.runs)} runs, {len(crashing.deliveries.came)} events told,"
        f" longest answer {accounts.longest_seconds:.1f} s;"
        " none lost, none doubled, none half there, no answer 500"
    )
    return 0


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


class Crashing:
    """The robots, the killer and the book."""

    def __init__(self, system: RunningSystem, seed: int) -> None:
        self.system = system
        self.accounts = Accounts()
        self.receiver = Receiver()
        self.deliveries = Deliveries(self.receiver)
        self._seed = seed
        self._dice = random.Random(seed)
        self._caller = Caller(system, self.accounts)
        self._kinds: list[str] = []

    def run(
        self,
        kills: int,
        check_every: int | None = None,
        together: int = 1,
        choice: Sequence[str] = KINDS,
    ) -> None:
        """Kill and check; each kind of victim in turn, in an order of chance."""
        began = time.monotonic()
        self.deliveries.subscribe(self._caller)
        set_up(self._caller, self.receiver.url)
        traffic = Traffic(self._robot, ROBOTS, self._seed)
        try:
            for number in range(1, kills + 1):
                traffic.resume()
                self._kill_once(number, choice, wait=number % together == 0 or number == kills)
                traffic.check()
                if number % (check_every or kills) == 0 or number == kills:
                    time.sleep(self._dice.uniform(0.0, 1.0))
                    asked = time.monotonic()
                    traffic.pause()
                    rested = time.monotonic() - asked
                    seconds = check(
                        self.system, self._caller, self.accounts, self.deliveries, PATHS
                    )
                    _say(
                        f"     {len(self.accounts.owed)} entries are right;"
                        f" at rest after {rested:.1f} s, checked in {seconds:.1f} s"
                    )
            for run_id in self.accounts.runs:
                check_run(self._caller, run_id)
            check_audit_trail(self.system)
            _say(f"{(time.monotonic() - began) / kills:.1f} s a kill")
        finally:
            traffic.end()
            self.receiver.close()

    def _robot(self, dice: random.Random) -> Robot:
        return Robot(Caller(self.system, self.accounts), self.accounts, dice, self.receiver.url)

    def _kill_once(self, number: int, choice: Sequence[str], *, wait: bool) -> None:
        """Let one process live a moment, then kill it; the system comes back by itself.

        Without `wait` the next one is killed while the system is still coming back.
        """
        if not self._kinds:
            self._kinds = self._dice.sample(list(choice), len(choice))
        time.sleep(self._dice.uniform(0.1, LONGEST_LIFE_SECONDS))
        victim = self._choose(self._kinds.pop())
        self.system.kill(victim)
        back = f"back in {self.system.await_ready():5.1f} s" if wait else ""
        _say(f"{number:>3}  {victim.kind:<11}{victim.name:<32.32} {back}")

    def _choose(self, kind: str) -> Victim:
        """A process of this kind that lives now."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            found = [victim for victim in self.system.processes() if victim.kind == kind]
            if found:
                by_name = sorted(found, key=lambda victim: (victim.name, victim.pid))
                return self._dice.choice(by_name)
            time.sleep(0.05)
        raise AssertionError(f"there is no {kind} to kill")


if __name__ == "__main__":
    sys.exit(main())
