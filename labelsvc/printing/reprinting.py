"""Use cases: print a label again, the same serial on a new label: ask, approve, refuse."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.outcomes import Outcome
from labelsvc.domain.products import check_name
from labelsvc.domain.reprints import (
    Destroyed,
    Reprint,
    ReprintPolicy,
    ReprintRequest,
    ReprintRules,
    check_approver,
)
from labelsvc.errors import Conflict, InvalidInput, Unavailable, at
from labelsvc.printing.reprint_plans import Moved, Plan, check_number, check_printer, look, plan_of, print_again, prove
from labelsvc.printing.reprints import remember, remembered, said_of, seen_reprint, why_of
from labelsvc.storage import audit, installation, products, reprints, webhooks
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database
from labelsvc.storage.reprints import NewReprint, ReprintRow

_TEXT_AT_MOST = 500
#: A printer edited between looking and asking: look again, this often.
_LOOKS = 5


def ask_reprint(db: Database, issuer: Issuer, call: Call, request: ReprintRequest, rules: ReprintRules) -> Reprint:
    """Ask for a label to be printed again; where nobody has to approve it is at once a print job of one label.

    Raises:
        NotFound: no such product or printer, or the product never got the serial.
        InvalidInput: the label says nothing of ours, or another product or lot than it should; the reason is none of
            those there are; too little was said of the old label; no printer.
        Conflict: the number has no label out that could be printed again, its lot is closed, another reprint of it is
            undecided or under way, a limit is reached, the printer has other media, or the key was used before.
    """
    _check_request(request, rules)
    route, body = "reprints", asdict(request)
    for _ in range(_LOOKS):
        with db.read() as conn:
            installation.check_secret(conn, issuer.secret)
            answered = request_keys.answered(conn, call, route, body)
            if answered is not None:
                return remembered(answered)
            plan = look(conn, issuer, request)
        prove(issuer, plan)
        asked = _Asked(issuer, call, request, rules, plan)
        try:
            return db.write(asked.write)
        except Moved:
            continue
    raise Unavailable("printer_edited", "Expected the printer to stay as it is for a moment, got edit after edit.")


def _check_request(request: ReprintRequest, rules: ReprintRules) -> None:
    if request.note is not None:
        with at("/note"):
            check_name(request.note, _TEXT_AT_MOST)
    rules.check_reason(request.reason, request.note)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request for a reprint, on its way into the books."""

    issuer: Issuer
    call: Call
    request: ReprintRequest
    rules: ReprintRules
    plan: Plan

    def write(self, conn: Connection) -> Reprint:
        call, plan = self.call, self.plan
        answered = request_keys.claim(conn, call, "reprints", asdict(self.request))
        if answered is not None:
            return remembered(answered)
        product = products.get(conn, plan.batch.product_code, lock=True)  # its limits are counted by one at a time
        policy = reprints.policy(conn, product.id)
        check_printer(conn, plan)
        outcome = check_number(conn, plan.batch, plan.ordinal)
        destroyed = self._destroyed(policy, outcome)
        copies, _ = reprints.copies(conn, plan.batch.range_id, plan.ordinal)
        shift = reprints.since(conn, product.id, self.rules.shifts.begun(call.at))
        policy.check_limits(copies if outcome != "absent" else 0, shift)
        new = NewReprint(
            product_id=product.id,
            lot_id=plan.batch.lot_id,
            batch_id=plan.batch.id,
            range_id=plan.batch.range_id,
            ordinal=plan.ordinal,
            printer_id=plan.printer.id,
            reason=self.request.reason,
            note=self.request.note,
            destroyed=destroyed,
        )
        reprint_id = reprints.add(conn, call, new)
        waits = policy.approval or (outcome != "absent" and policy.needs_approval(self.request.reason))
        if not waits:
            print_again(conn, call, reprints.get(conn, reprint_id), plan.printer, outcome, by_policy=True)
        seen = seen_reprint(conn, self.issuer, reprints.get(conn, reprint_id))
        after = {**said_of(seen), "destroyed": destroyed}
        audit.record(conn, call, "reprint.ask", f"reprint:{reprint_id}", after=after, reason=why_of(seen))
        if waits:
            webhooks.emit(conn, "reprint.asked", {"reprint": reprint_id, **said_of(seen)}, call.at)
        request_keys.settle(conn, call, "reprints", remember(seen))
        return seen

    def _destroyed(self, policy: ReprintPolicy, outcome: Outcome) -> Destroyed:
        """Return what is said of the old label; see that the policy is content with it."""
        request = self.request
        said: Destroyed = "ticked" if request.destroyed else "none"
        if request.destroyed_label is not None:
            said = "scanned"
        if outcome == "absent":
            return "none"  # it never came out, so there is none
        policy.check_destroyed(request.reason, said)
        return said


def approve_reprint(db: Database, issuer: Issuer, call: Call, reprint_id: int) -> Reprint:
    """Approve what another person asked for: it becomes a print job of one label.

    Raises:
        NotFound: no such reprint.
        NotAllowed: the same person asked for it.
        Conflict: it was decided on before, its number or lot is no longer what it was, its serial was printed again as
            often as it may be, the printer has other media now, or the key was used for another request.
    """
    route, body = f"reprints/{reprint_id}/approve", {"approved": True}
    for _ in range(_LOOKS):
        with db.read() as conn:
            installation.check_secret(conn, issuer.secret)
            answered = request_keys.answered(conn, call, route, body)
            if answered is not None:
                return remembered(answered)
            row = reprints.get(conn, reprint_id)
            plan = plan_of(conn, row)
        _check_undecided(row)
        check_approver(row.asked_by, call.actor)
        prove(issuer, plan)

        def work(conn: Connection, plan: Plan = plan) -> Reprint:
            answered = request_keys.claim(conn, call, route, body)
            if answered is not None:
                return remembered(answered)
            row = reprints.get(conn, reprint_id, lock=True)
            _check_undecided(row)
            check_printer(conn, plan)
            outcome = check_number(conn, plan.batch, plan.ordinal, undecided=reprint_id)
            _check_policy(conn, row, outcome)
            print_again(conn, call, row, plan.printer, outcome, by_policy=False)
            seen = seen_reprint(conn, issuer, reprints.get(conn, reprint_id))
            about = f"reprint:{reprint_id}"
            audit.record(conn, call, "reprint.approve", about, after=said_of(seen), reason=why_of(seen))
            request_keys.settle(conn, call, route, remember(seen))
            return seen

        try:
            return db.write(work)
        except Moved:
            continue
    raise Unavailable("printer_edited", "Expected the printer to stay as it is for a moment, got edit after edit.")


def refuse_reprint(db: Database, issuer: Issuer, call: Call, reprint_id: int, why: str) -> Reprint:
    """Say that a label is not printed again; whoever asked for it may take it back so, too.

    Raises:
        NotFound: no such reprint.
        InvalidInput: no reason.
        Conflict: it was decided on before.
    """
    with at("/reason"):
        check_name(why, _TEXT_AT_MOST)

    def work(conn: Connection) -> Reprint:
        row = reprints.get(conn, reprint_id, lock=True)
        _check_undecided(row)
        reprints.refuse(conn, call, reprint_id, why)
        seen = seen_reprint(conn, issuer, reprints.get(conn, reprint_id))
        about = f"reprint:{reprint_id}"
        audit.record(conn, call, "reprint.refuse", about, after=said_of(seen), reason=why)
        return seen

    return db.write(work)


def _check_undecided(row: ReprintRow) -> None:
    if row.state != "asked":
        raise Conflict("reprint_decided", f"Expected a reprint that nobody decided on, got one that is {row.state}.")


def _check_policy(conn: Connection, row: ReprintRow, outcome: Outcome) -> None:
    """See that a number that had no label when somebody asked may be printed again, if one turned up since."""
    if outcome == "absent":
        return
    policy = reprints.policy(conn, products.get(conn, row.product).id)
    copies, _ = reprints.copies(conn, row.range_id, row.ordinal)
    policy.check_limits(copies, 0)  # this one was counted in its shift when it was asked for
    try:
        policy.check_destroyed(row.reason, row.destroyed)
    except InvalidInput as error:
        raise Conflict("reprint_not_allowed", f"{error.message} Refuse it, and ask anew.") from None
