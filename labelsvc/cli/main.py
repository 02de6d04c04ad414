"""The commands, by what they are for."""

from __future__ import annotations

import click

from labelsvc import __version__
from labelsvc.cli import (
    auditing,
    formats,
    installing,
    issuing,
    printing,
    quality,
    reprints,
    serving,
    station,
    stations,
    users,
    virtual_printer,
)
from labelsvc.cli.opening import Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="labelsvc")
def main() -> None:
    """Issue serial numbers, print the labels that carry them, and know for ever what became of each.

    Settings come from the environment (LABELSVC_...); `labelsvc init` makes an installation.
    """


for command in (
    installing.init,
    installing.secret,
    installing.db,
    installing.key,
    users.user,
    issuing.product,
    issuing.lot,
    issuing.issue,
    issuing.render,
    issuing.lookup,
    formats.formats,
    printing.printers,
    printing.jobs,
    station.station,
    reprints.reprint,
    stations.stations,
    quality.move,
    quality.scan,
    auditing.audit,
    serving.serve,
    serving.worker,
    virtual_printer.virtual_printer,
):
    main.add_command(command)
