"""Which processes make a system: replicas of the services, workers, and a gateway before them."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cli.data_folder import DataFolder
from cli.project import PROJECT
from cli.system.free_ports import free_port
from cli.system.gateway import gateway_command
from cli.system.listeners import HOST, SERVICES, Listener
from cli.system.prometheus import prometheus_command
from cli.system.watched_child import ChildPlan

METRICS_PORT = "BTIM_WORKER_METRICS_PORT"
Environment = Mapping[str, str]


@dataclass(frozen=True)
class Layout:
    """How many of each; with a gateway everything has one address and its service's prefix."""

    replicas: int = 1
    workers: int = 1
    gateway_port: int | None = None
    prometheus_port: int | None = None

    def public_urls(self, listeners: Sequence[Listener]) -> dict[str, str]:
        """Where the services answer, also for each other."""
        if self.gateway_port is not None:
            return {service: f"{self.gateway_url}/{service}" for service in SERVICES}
        return {one.service: one.url for one in reversed(listeners)}  # the first replica's wins

    @property
    def gateway_url(self) -> str:
        """The one address."""
        return f"http://{HOST}:{self.gateway_port}"

    def plan_services(
        self, folder: DataFolder, listeners: Sequence[Listener], env: Environment
    ) -> list[ChildPlan]:
        """One process for every listener."""
        return [
            ChildPlan(
                name=one.name,
                command=python("cli.serve", one.service, "--fd", str(one.opened.fileno())),
                env=self._environment_of(one.service, env),
                log_path=folder.logs / f"{one.name}.log",
                pass_fds=[one.opened.fileno()],
                cwd=PROJECT,
            )
            for one in listeners
        ]

    def plan_workers(self, folder: DataFolder, env: Environment) -> list[ChildPlan]:
        """The workers of every service."""
        return [
            ChildPlan(
                name=name,
                command=python("cli.work", service),
                env=self._environment_of(service, {**env, **self._own_metrics_port()}),
                log_path=folder.logs / f"{name}.log",
                cwd=PROJECT,
            )
            for service in SERVICES
            for name in numbered(f"{service}-worker", self.workers)
        ]

    def plan_gateway(
        self, folder: DataFolder, listeners: Sequence[Listener], env: Environment
    ) -> list[ChildPlan]:
        """The gateway, if there is to be one. StartError without nginx."""
        if self.gateway_port is None:
            return []
        ports = {
            service: [one.port for one in listeners if one.service == service]
            for service in SERVICES
        }
        return [
            ChildPlan(
                name="gateway",
                command=gateway_command(folder.gateway, folder.pages, self.gateway_port, ports),
                env=env,
                log_path=folder.logs / "gateway.log",
                cwd=PROJECT,
            )
        ]

    def plan_prometheus(
        self,
        folder: DataFolder,
        listeners: Sequence[Listener],
        workers: Sequence[ChildPlan],
        env: Environment,
    ) -> list[ChildPlan]:
        """Prometheus, if there is to be one. StartError where it is not installed."""
        if self.prometheus_port is None:
            return []
        ports = [(plan.name.partition("-")[0], plan.env[METRICS_PORT]) for plan in workers]
        return [
            ChildPlan(
                name="prometheus",
                command=prometheus_command(
                    folder.path / "prometheus", self.prometheus_port, listeners, ports
                ),
                env=env,
                log_path=folder.logs / "prometheus.log",
                cwd=PROJECT,
            )
        ]

    def _own_metrics_port(self) -> Environment:
        return {} if self.prometheus_port is None else {METRICS_PORT: str(free_port())}

    def _environment_of(self, service: str, env: Environment) -> Environment:
        if self.gateway_port is None:
            return env
        return {
            "BTIM_TRUSTED_PROXIES": HOST,  # unless the operator says otherwise
            **env,
            "BTIM_PUBLIC_PREFIX": f"/{service}",
        }


def numbered(name: str, count: int) -> list[str]:
    """Names of several of a kind: the first has the plain one."""
    return [name, *(f"{name}-{number}" for number in range(2, count + 1))]


def python(module: str, *arguments: str) -> list[str]:
    """How to run one of our modules."""
    return [sys.executable, "-m", module, *arguments]
