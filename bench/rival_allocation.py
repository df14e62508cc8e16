"""The rival's side of `bench.cloud_cost_allocation`, run by its own Python: only its own calls."""

import sys
import time
from configparser import ConfigParser

SETTINGS = {
    "General": {
        "DateFormat": "%%Y-%%m-%%d",
        "DefaultService": "nobody",
        "Amounts": "Amount",
        "AllocationKeys": "ProviderCostAllocationKey",
        "AmountAllocationKeys": "Amount:ProviderCostAllocationKey",
    },
}


def allocate(costs: str, keys: str, out: str) -> None:
    """Costs and keys in, allocated costs out; prints the seconds from first read to last write."""
    from cloud_cost_allocation.cloud_cost_allocator import (  # type: ignore[import-not-found]
        CloudCostAllocator,
    )
    from cloud_cost_allocation.config import Config  # type: ignore[import-not-found]
    from cloud_cost_allocation.cost_items import CostItemFactory  # type: ignore[import-not-found]
    from cloud_cost_allocation.reader.csv_allocated_cost_reader import (  # type: ignore[import-not-found]
        CSV_AllocatedCostReader,
    )
    from cloud_cost_allocation.reader.csv_cost_allocation_keys_reader import (  # type: ignore[import-not-found]
        CSV_CostAllocationKeysReader,
    )
    from cloud_cost_allocation.utils.utils import (  # type: ignore[import-not-found]
        read_csv_file,
        write_csv_file,
    )
    from cloud_cost_allocation.writer.csv_allocated_cost_writer import (  # type: ignore[import-not-found]
        CSV_AllocatedCostWriter,
    )

    began = time.perf_counter()
    parser = ConfigParser()
    parser.read_dict(SETTINGS)
    config = Config(parser)
    factory = CostItemFactory(config)
    cloud_items: list[object] = []
    read_csv_file(costs, CSV_AllocatedCostReader(factory), cloud_items)
    consumer_items: list[object] = []
    read_csv_file(keys, CSV_CostAllocationKeysReader(factory), consumer_items)
    allocator = CloudCostAllocator(factory)
    allocator.currency, allocator.date_str = "EUR", "2026-01-31"
    if not allocator.allocate(consumer_items, cloud_items, ["Amount"]):
        raise SystemExit("the rival refused to allocate")
    write_csv_file(out, CSV_AllocatedCostWriter(allocator.service_instances, config))
    sys.stdout.write(f"{time.perf_counter() - began}\n")
