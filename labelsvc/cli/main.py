"""The commands, and what each is for."""

from __future__ import annotations

import click

from labelsvc import __version__
from labelsvc.cli.running import Commands, Listed


@click.group(
    cls=Commands,
    listed={
        "init": Listed("installing", "Make an installation: data directory, master secret, database, label formats."),
        "secret": Listed("installing", "The master secret, from which every unguessable serial derives."),
        "db": Listed("installing", "The database: its schema, and what to do after a backup was restored."),
        "key": Listed("installing", "API keys of clients."),
        "user": Listed("users", "People who sign in at the pages."),
        "product": Listed("issuing", "Products: trade items with a GTIN, or own items."),
        "links": Listed("links", "Where the codes of a product lead, beside our own page."),
        "lot": Listed("quality", "Lots of products."),  # they are opened in issuing, and closed here
        "issue": Listed("issuing", "Issue serials for a lot and print them, one a line."),
        "sscc": Listed("logistic_units", "SSCCs of cases and pallets: use a company prefix, issue, print."),
        "render": Listed("issuing", "Write labels of a batch to a file: PDF, ZPL, PNG, or CSV."),
        "lookup": Listed("issuing", "Read a serial of a product back to its lot, batch and outcome."),
        "formats": Listed("formats", "Label formats: declarative TOML files in mm."),
        "printers": Listed("printing", "Printers: add, find, certify."),
        "jobs": Listed("printing", "Print jobs: what came out, what is in doubt."),
        "station": Listed("station", "Print what a server has for the printers here."),
        "reprint": Listed("reprints", "Reprints: the same serial again on a new label."),
        "stations": Listed("stations", "Stations, as the server sees them."),
        "move": Listed("quality", "Say what became of numbers: spoiled, sampled, returned or invalidated."),
        "scan": Listed("quality", "Say what scanned labels are, one a line from standard input."),
        "party": Listed("places", "Parties: who makes, moves, sells or has units."),
        "location": Listed("places", "Locations: where units are."),
        "connection": Listed("connections", "Connections: partners who are sent the events that are for them."),
        "audit": Listed("auditing", "Who did what, when and why: the entries of the audit."),
        "serve": Listed("serving", "Run the service in one process: web and worker."),
        "worker": Listed("serving", "Run a worker alone: it sends the print jobs of all printers."),
        "virtual-printer": Listed("virtual_printer", "Run a thermal printer that exists in software only."),
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="labelsvc")
def main() -> None:
    """Issue serial numbers, print the labels that carry them, and know for ever what became of each.

    Settings come from the environment (LABELSVC_...); `labelsvc init` makes an installation.
    """
