"""init, secret, db, key: what makes an installation and who may use it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import click

from labelsvc import access
from labelsvc.cli.opening import ID, opened, settings, tab
from labelsvc.domain.gs1 import check_digital_link_domain
from labelsvc.errors import Unavailable
from labelsvc.issuing import restoring
from labelsvc.issuing.label_formats import seed_formats
from labelsvc.settings import Settings
from labelsvc.storage import installation, schema
from labelsvc.storage.database import Database
from labelsvc.storage.secret_file import SECRET_BYTES, create_secret, read_secret


@click.command()
def init() -> None:
    """Make an installation: data directory, master secret, database, label formats. Doing it again is harmless."""
    chosen = settings()
    check_digital_link_domain(chosen.digital_link)
    chosen.data_dir.mkdir(parents=True, exist_ok=True)
    if not chosen.secret_file.exists():
        make_secret(chosen)
    upgrade_database(chosen)
    click.echo("Ready. Next: labelsvc user add --role admin NAME; labelsvc serve")


def make_secret(chosen: Settings) -> None:
    """Write a new master secret, for a database that has none yet.

    Raises:
        Unavailable: the database is bound to another, whose file is not in its place here.
        Conflict: the file exists.
    """
    made = secrets.token_bytes(SECRET_BYTES)
    with Database.open(chosen.database_url) as database:
        if schema.current(database) is not None:
            _check_unbound(database, made, chosen)
    create_secret(chosen.secret_file, made)
    click.echo(f"Made the master secret {chosen.secret_file}: back it up first; without it no serial can be read.")


def _check_unbound(database: Database, made: bytes, chosen: Settings) -> None:
    try:
        with database.read() as conn:
            installation.check_secret(conn, made)
    except Unavailable as error:
        if error.code == "secret_mismatch":
            message = f"Expected this database's master secret at {chosen.secret_file}, got no file. Copy it there."
            raise Unavailable("secret_missing", message) from None


def upgrade_database(chosen: Settings) -> None:
    """Bring the database to this program's schema, bind it to the secret, and seed the shipped label formats."""
    now = datetime.now(UTC)
    master = read_secret(chosen.secret_file)
    with Database.open(chosen.database_url) as database:
        schema.upgrade(database)
        database.write(lambda conn: installation.bind_secret(conn, master, now))
        seed_formats(database, now)
        click.echo(f"Database {database.url} has schema {schema.expected()}.")


@click.group()
def secret() -> None:
    """The master secret, from which every unguessable serial derives."""


@secret.command("init")
def secret_init() -> None:
    """Make a new master secret; never over one that is there."""
    make_secret(settings())


@secret.command("fingerprint")
def secret_fingerprint() -> None:
    """Show what the database knows the master secret by."""
    click.echo(installation.fingerprint(read_secret(settings().secret_file)))


@click.group()
def db() -> None:
    """The database: its schema, and what to do after a backup was restored."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema up to this program."""
    upgrade_database(settings())


@db.command("version")
def db_version() -> None:
    """Show the schema that the database has, and the one that is expected."""
    with Database.open(settings().database_url) as database:
        click.echo(f"has {schema.current(database) or 'none'}, expected {schema.expected()}")


@db.command("restored")
@click.option(
    "--skip",
    required=True,
    type=click.IntRange(1, restoring.SKIP_AT_MOST),
    help="Numbers to skip in each pool: at least as many as any of them gave since the backup.",
)
def db_restored(skip: int) -> None:
    """Go on with a database that was restored from a backup. Run it before anything else is started.

    Numbers that may have been issued since the backup are skipped, for good; they answer `record_lost`. Print jobs that
    had not ended then are stopped, with all their labels in doubt, until someone says what came out.
    """
    with opened() as shell:
        done = restoring.mark_restored(shell.db, shell.call(), skip)
    click.echo(
        f"Skipped {skip} numbers in {done.pools} pools, and in every pool to come; stopped {done.jobs} print jobs."
    )


@click.group()
def key() -> None:
    """API keys of clients."""


@key.command("add")
@click.option("--role", required=True, type=click.Choice(access.ROLES), help="What the client may do.")
@click.option("--days", type=click.IntRange(1, 3_650), help="Expires after this many days; without it, never.")
@click.option("--party", help="Whose a partner is: GLN, own code or URI.")
@click.argument("name")
def key_add(role: str, days: int | None, party: str | None, name: str) -> None:
    """Make a key for the client NAME and print it, alone and this once."""
    with opened() as shell:
        call = shell.call()
        expires_at = call.at + timedelta(days=days) if days else None
        _, text = access.add_key(shell.db, call, name, role, expires_at, shell.party(party))
    click.echo(text)


@key.command("list")
def key_list() -> None:
    """Show all keys, without their secrets."""
    with opened() as shell:
        now = datetime.now(UTC)
        for found in access.list_keys(shell.db):
            state = "usable" if found.usable(now) else "revoked" if found.revoked_at else "expired"
            click.echo(f"{found.id}\t{found.name}\t{found.role}\t{state}{tab(found.party)}")


@key.command("revoke")
@click.argument("key_id", type=ID)
def key_revoke(key_id: int) -> None:
    """Make a key unusable from now on."""
    with opened() as shell:
        found = access.revoke_key(shell.db, shell.call(), key_id)
    click.echo(f"Revoked key {found.id} of {found.name}.")
