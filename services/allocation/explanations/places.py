"""Where the figures of a run can be read."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from shared.http.links import href


@dataclass(frozen=True)
class Places:
    """Addresses of one run's figures, in one measure."""

    run_id: UUID
    model_version: UUID
    measure: str

    def of_cost(self) -> "Places":
        """The same for the cost."""
        return Places(self.run_id, self.model_version, "cost")

    def run(self) -> str:
        """The run itself."""
        return href(f"/v1/runs/{self.run_id}")

    def balance(self, layer: str, code: str | None) -> str:
        """An object's balance."""
        return self._of_run("balances", layer=layer, code=code, measure=self.measure)

    def flows(self, **filters: str | None) -> str:
        """Flows from `source`, to `target`, by `mapping`."""
        return self._of_run("flows", **filters, measure=self.measure)

    def lines(self, layer: str, code: str) -> str:
        """The lines behind an object."""
        return self._of_run("trace", layer=layer, code=code, to="line", measure=self.measure)

    def quantities(self, driver: str, used_by: str | None, target: str | None = None) -> str:
        """The quantities by which a source was split."""
        return self._of_run("driver-quantities", driver=driver, used_by=used_by, target=target)

    def rates(self, currency: str) -> str:
        """The exchange rate of a currency."""
        return self._of_run("exchange-rates", **{"from": currency})

    def own_amounts(self, layer: str, code: str) -> str:
        """What entered at an object itself."""
        return self._of_run("own-amounts", layer=layer, code=code, measure=self.measure)

    def emissions(self, resource: str) -> str:
        """The energy and the factors of a resource."""
        return self._of_run("emissions", resource=resource)

    def unallocated(self, layer: str, code: str | None) -> str:
        """What stayed on an object."""
        return self._of_run("unallocated", layer=layer, code=code, measure=self.measure)

    def mapping(self, code: str) -> str:
        """A mapping as the run's model version has it."""
        return href(
            f"/v1/mappings?{urlencode({'model_version': self.model_version, 'code': code})}"
        )

    def _of_run(self, path: str, **filters: str | None) -> str:
        given = {name: value for name, value in filters.items() if value is not None}
        return href(f"/v1/runs/{self.run_id}/{path}?{urlencode(given)}")
