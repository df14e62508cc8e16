"""Calls to the model: objects, taxonomies, mappings, versions, periods."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from shared.clients.base import ServiceClient
from shared.contracts.allocation.mappings import PreviewAnswer, PreviewRequest
from shared.contracts.allocation.model_versions import ModelVersionAnswer, VersionDiff
from shared.contracts.allocation.objects import CostObjectAnswer
from shared.contracts.allocation.periods import PeriodAnswer
from shared.contracts.allocation.taxonomies import LoadAnswer
from shared.contracts.bulk import BulkAnswer

Collection = Literal["cost-pools", "resources", "solutions", "consumers"]
Item = Mapping[str, Any]
MAX_ITEMS = 10_000


class ModelCalls(ServiceClient):
    """What other services and the command line ask of the model."""

    def load_taxonomy(self, name: str) -> LoadAnswer:
        """Make a shipped taxonomy's objects cost objects; repeating it does no harm."""
        return self.post(f"/v1/taxonomies/{name}/load", {}, LoadAnswer, repeatable=True)

    def put_objects(self, collection: Collection, items: Sequence[Item]) -> list[BulkAnswer]:
        """Add or change cost objects by code, 10,000 at a time."""
        return [
            self.post(f"/v1/{collection}/bulk", {"items": part}, BulkAnswer, repeatable=True)
            for part in _parts(items)
        ]

    def walk_objects(self, collection: Collection, **query: Any) -> Iterator[CostObjectAnswer]:
        """Every object of a collection, filtered as the list is."""
        for item in self.walk(f"/v1/{collection}", **query):
            yield CostObjectAnswer.model_validate(item)

    def put_mappings(self, items: Sequence[Item]) -> list[BulkAnswer]:
        """Add or change mappings of the open draft, which is made if there is none."""
        return [
            self.post("/v1/mappings/bulk", {"items": part}, BulkAnswer, repeatable=True)
            for part in _parts(items)
        ]

    def preview_mapping(self, request: PreviewRequest) -> PreviewAnswer:
        """What a mapping would catch."""
        return self.post("/v1/mappings/preview", request, PreviewAnswer, repeatable=True)

    def find_version(self, status: str) -> ModelVersionAnswer | None:
        """The newest version of a status, None when there is none."""
        page = self.request(
            "GET", "/v1/model-versions", query={"status": status, "sort": "-number", "limit": 1}
        ).json()
        found = [ModelVersionAnswer.model_validate(item) for item in page["items"]]
        return found[0] if found else None

    def publish_version(self, version_id: str) -> ModelVersionAnswer:
        """Publish a version; the one published before is retired."""
        path = f"/v1/model-versions/{version_id}/publish"
        return self.post(path, {}, ModelVersionAnswer)

    def version_difference(self, version_id: str, base: str) -> VersionDiff:
        """What turns the base into the version."""
        return self.get(f"/v1/model-versions/{version_id}/diff", VersionDiff, base=base)

    def get_period(self, period: str) -> PeriodAnswer:
        """A month and whether it is closed."""
        return self.get(f"/v1/periods/{period}", PeriodAnswer)

    def close_period(self, period: str, reason: str | None = None) -> PeriodAnswer:
        """Close a month."""
        return self.post(f"/v1/periods/{period}/close", {"reason": reason}, PeriodAnswer)

    def reopen_period(self, period: str, reason: str) -> PeriodAnswer:
        """Reopen a month."""
        return self.post(f"/v1/periods/{period}/reopen", {"reason": reason}, PeriodAnswer)


def _parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), MAX_ITEMS):
        yield items[start : start + MAX_ITEMS]
