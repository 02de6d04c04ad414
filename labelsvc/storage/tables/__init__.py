"""Every table, by room."""

from labelsvc.storage.tables.audit_tree import audit_tiles, event_seals
from labelsvc.storage.tables.cloning import clone_signals
from labelsvc.storage.tables.complaints import complaints
from labelsvc.storage.tables.connections import connection_deliveries, connections
from labelsvc.storage.tables.fleet import (
    audit_seals,
    printer_history,
    printer_reasons,
    printer_tallies,
    turns,
    webhook_deliveries,
    webhooks,
)
from labelsvc.storage.tables.house import api_keys, audit, installation, requests, sessions, users
from labelsvc.storage.tables.inventory import cycle_count_differences, cycle_counts, product_categories
from labelsvc.storage.tables.issuing import (
    batches,
    label_format_files,
    label_formats,
    label_formats_in_use,
    lot_revisions,
    lots,
    pools,
    products,
    ranges,
    schemes,
    sscc_series,
)
from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.tables.printing import (
    outcomes,
    print_job_blocks,
    print_jobs,
    printer_leases,
    printer_revisions,
    printers,
)
from labelsvc.storage.tables.quality import label_scans, lot_closures, sampling_plans
from labelsvc.storage.tables.queries import named_queries, query_subscriptions
from labelsvc.storage.tables.recalls import recall_notice_steps, recall_notices, recall_spans, recall_units, recalls
from labelsvc.storage.tables.reprints import reprint_policies, reprints
from labelsvc.storage.tables.resolver import product_links, resolver_hits, resolver_numbers
from labelsvc.storage.tables.sales import (
    customer_contacts,
    customer_returns,
    customers,
    exchanges,
    sales,
    warranty_terms,
)
from labelsvc.storage.tables.scanning import scans
from labelsvc.storage.tables.stations import station_claims, station_reports, stations
from labelsvc.storage.tables.unit_tests import (
    gate_override_units,
    gate_overrides,
    test_definitions,
    test_records,
    test_reports,
    test_sweeps,
)
from labelsvc.storage.tables.units import (
    captures,
    commissioned,
    event_terms,
    events,
    findings,
    locations,
    lot_tracking,
    parties,
    unit_events,
    units,
)

__all__ = [
    "api_keys",
    "audit",
    "audit_seals",
    "audit_tiles",
    "batches",
    "captures",
    "clone_signals",
    "commissioned",
    "complaints",
    "connection_deliveries",
    "connections",
    "customer_contacts",
    "customer_returns",
    "customers",
    "cycle_count_differences",
    "cycle_counts",
    "event_seals",
    "event_terms",
    "events",
    "exchanges",
    "findings",
    "gate_override_units",
    "gate_overrides",
    "installation",
    "label_format_files",
    "label_formats",
    "label_formats_in_use",
    "label_scans",
    "locations",
    "lot_closures",
    "lot_revisions",
    "lot_tracking",
    "lots",
    "metadata",
    "named_queries",
    "outcomes",
    "parties",
    "pools",
    "print_job_blocks",
    "print_jobs",
    "printer_history",
    "printer_leases",
    "printer_reasons",
    "printer_revisions",
    "printer_tallies",
    "printers",
    "product_categories",
    "product_links",
    "products",
    "query_subscriptions",
    "ranges",
    "recall_notice_steps",
    "recall_notices",
    "recall_spans",
    "recall_units",
    "recalls",
    "reprint_policies",
    "reprints",
    "requests",
    "resolver_hits",
    "resolver_numbers",
    "sales",
    "sampling_plans",
    "scans",
    "schemes",
    "sessions",
    "sscc_series",
    "station_claims",
    "station_reports",
    "stations",
    "test_definitions",
    "test_records",
    "test_reports",
    "test_sweeps",
    "turns",
    "unit_events",
    "units",
    "users",
    "warranty_terms",
    "webhook_deliveries",
    "webhooks",
]
