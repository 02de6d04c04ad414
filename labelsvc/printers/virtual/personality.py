"""What kind of printer a virtual one is: what it says it is, its sizes, and what the guide leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labelsvc.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Personality:
    """What kind of printer this is.

    Attributes:
        model, firmware, memory_kb, options: what ~HI says, with `dpmm` (dots per mm: 6, 8, 12 or 24).
        unique_id: the device's serial number.
        label_seconds: time one label takes; 0: at once.
        buffer_bytes: size of the receive buffer; full, the line is no longer read.
        format_bytes: memory for one format; a longer one is given up.
        window_bytes: the socket's receive buffer, None for the system's own. Small ones (2,048) make back-pressure
            felt after few bytes, and are slow.
        silent_on_fault: ~HS gets no answer while media or ribbon is out or the head open, as the guide says.
        keeps_partial: a format half received stays open when its connection ends, until ~JX, ~JA or its ^XZ.
        answers_sgd: whether "! U1 getvar" is understood.
        thermal_transfer: prints with a ribbon.
        odometer: labels printed in its life before.
        counts: when odometer.total_label_count rises: as a label's image is made, which is as its format comes, as it
            begins to move (early) or when it is out (late); None: it has none.
        counts_torn: a printer that counts late counts a label torn by a fault, too, but not by a loss of power.
        counts_again: one that counts early counts a label that it prints again after a fault once more.
        counter_survives: a sudden loss of power leaves the count as it is; else it falls back to that of the power-on.
        says_uptime: device.uptime is known.
        on_for: seconds it was on before it was started here.
        echo: when ^HV answers, as the image is made or when the label is out; None: never.
        echoes_again: a label printed again after a fault is echoed again where its image was echoed.
        stale_echoes: an echo whose connection is gone goes to the one that has the parser then.
        jz: ^JZ decides whether a torn label is printed again, or it always or never is.
        cancels_in_fault: ~JA and ~JP are obeyed while there is a fault.
        calibrates: feeds two blank labels when the head closes and at power-on, unless it is told not to.
        json_port: has the port of JSON questions (9200).
        closes_json: ends a connection there after each answer.
        single_connection: refuses a second client while it has one (port 9300).
        keep_labels: made labels kept for inspection; the oldest are forgotten beyond.
        max_connections: clients at once; a further one is closed as soon as it connects.

    """

    model: str = "ZD621-203dpi"
    firmware: str = "V84.20.23Z"
    dpmm: int = 8
    memory_kb: int = 8176
    options: str = "X"
    unique_id: str = "VIRTUAL00001"
    label_seconds: float = 0.0
    buffer_bytes: int = 65_536
    format_bytes: int = 16 * 1024 * 1024
    window_bytes: int | None = None
    silent_on_fault: bool = True
    keeps_partial: bool = True
    answers_sgd: bool = True
    thermal_transfer: bool = False
    odometer: int = 0
    counts: Literal["image", "early", "late"] | None = "late"
    counts_torn: bool = False
    counts_again: bool = True
    counter_survives: bool = True
    says_uptime: bool = True
    on_for: float = 0.0
    echo: Literal["image", "movement"] | None = "movement"
    echoes_again: bool = False
    stale_echoes: bool = False
    jz: Literal["obeyed", "always", "never"] = "obeyed"
    cancels_in_fault: bool = True
    calibrates: bool = False
    json_port: bool = True
    closes_json: bool = False
    single_connection: bool = False
    keep_labels: int = 100_000
    max_connections: int = 16

    def __post_init__(self) -> None:
        if self.dpmm not in (6, 8, 12, 24):
            raise InvalidInput("virtual_printer_dpmm", f"Expected 6, 8, 12 or 24 dots per mm, got {self.dpmm}.")
        if not 0 <= self.label_seconds <= 3600:
            message = f"Expected 0 to 3600 seconds a label, got {self.label_seconds}."
            raise InvalidInput("virtual_printer_label_seconds", message)
        if min(self.buffer_bytes, self.format_bytes, self.keep_labels, self.max_connections) < 1:
            raise InvalidInput("virtual_printer_size", "Expected sizes of at least 1, got a smaller one.")
