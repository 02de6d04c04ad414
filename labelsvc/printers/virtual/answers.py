"""What the virtual printer answers: ~HS, ~HI, ~HQES, ~HD and SGD getvar, field by field as the guide has them."""

from __future__ import annotations

from collections.abc import Callable

from labelsvc.printers.virtual.engine import Mechanism
from labelsvc.printers.virtual.variables import USER_COUNTS
from labelsvc.printers.virtual.zpl import Stream

COMMUNICATION = "030"  # aaa: 9600 baud, 8 data bits, 1 stop bit; without a meaning on TCP
FUNCTIONS = "000"  # mmm
PRINT_MODES = {"R": "0", "P": "1", "T": "2", "C": "3", "A": "4", "D": "5", "K": "K"}
MODE_NAMES = {
    "R": "rewind",
    "P": "peel off",
    "T": "tear off",
    "C": "cutter",
    "A": "applicator",
    "D": "delayed cut",
    "K": "kiosk",
}


def host_status(mechanism: Mechanism, *, partial: bool, full: bool) -> bytes:
    """~HS: three frames; nothing at all while there is a fault, unless this printer's personality says otherwise."""
    if mechanism.fault and mechanism.personality.silent_on_fault:
        return b""
    first = (
        f"{COMMUNICATION},{mechanism.media_out:d},{mechanism.paused:d},{min(mechanism.label_length, 9999):04},"
        f"{min(len(mechanism.queue), 999):03},{full:d},0,{partial:d},000,0,0,{mechanism.too_hot:d}"
    )
    second = (
        f"{FUNCTIONS},0,{mechanism.head_open:d},{mechanism.ribbon_out:d},{mechanism.personality.thermal_transfer:d},"
        f"{PRINT_MODES.get(mechanism.mode, '2')},0,0,{mechanism.left:08},1,000"
    )
    return b"".join(f"\x02{frame}\x03\r\n".encode("ascii") for frame in (first, second, "0000,0"))


def identification(mechanism: Mechanism) -> str:
    """Model, firmware, dots per mm, memory and options, as ~HI and its SGD twin give them."""
    person = mechanism.personality
    return f"{person.model},{person.firmware},{person.dpmm},{person.memory_kb:04}KB,{person.options}"


def host_identification(mechanism: Mechanism) -> bytes:
    """~HI: one frame, with nothing behind its ETX."""
    return f"\x02{identification(mechanism)}\x03".encode("latin-1", "replace")


def error_mask(mechanism: Mechanism) -> int:
    """The low group of ~HQES: 1 media out, 2 ribbon out, 4 head open, 10 head over-temperature, added up."""
    return mechanism.media_out * 0x1 + mechanism.ribbon_out * 0x2 + mechanism.head_open * 0x4 + mechanism.too_hot * 0x10


def error_status(mechanism: Mechanism) -> bytes:
    """~HQES: error and warning bit masks. Pause is no error here."""
    mask = error_mask(mechanism)
    errors = f"ERRORS: {mask != 0:d} 00000000 {mask:08X}"
    return f"\x02\r\nPRINTER STATUS\r\n{errors}\r\nWARNINGS: 0 00000000 00000000\x03".encode("ascii")


def diagnostics(stream: Stream) -> bytes:
    """~HD: of it the line that tells the prefixes, which this printer has under whatever prefix it was asked."""
    control, form, delimiter = (one.decode("ascii") for one in (stream.tilde, stream.caret, stream.delimiter))
    return f"\x02\r\nCOMMAND PFX = {control} : FORMAT PFX = {form} : DELIMITER = {delimiter}\r\n\x03".encode("ascii")


def variable(name: str, mechanism: Mechanism, stream: Stream, uptime: float) -> bytes:
    """The value of an SGD variable in quotes; "?" for a name this printer does not know (names are lower case)."""
    if not mechanism.personality.answers_sgd:
        return b""
    value = value_of(name, mechanism, stream, uptime)
    return b"" if value is None else f'"{value}"'.encode("latin-1", "replace")


def value_of(name: str, mechanism: Mechanism, stream: Stream, uptime: float) -> str | None:
    """The value of an SGD variable; None where it gives no answer at all."""
    if name == "device.uptime":
        return _uptime(uptime) if mechanism.personality.says_uptime else "?"
    if name == "device.host_status":
        frames = host_status(mechanism, partial=stream.partial, full=False).decode("latin-1")
        return frames.replace("\x02", "").replace("\x03", "").strip() or None
    if name in mechanism.variables.settings:
        return mechanism.variables.settings[name]
    if name in USER_COUNTS and mechanism.personality.counts:
        return str(mechanism.odometer - mechanism.variables.counted_from[name])
    read = VARIABLES.get(name)
    return read(mechanism, stream) if read else "?"


def _uptime(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"{day:02} days {hour:02} hours {minute:02} mins {second:02} secs"


def _system_status(mechanism: Mechanism, _: Stream) -> str:
    mask = error_mask(mechanism)
    return f"{mechanism.paused:d},{mask != 0:d},00000000,{mask:08X},0,00000000,00000000"


def _count(mechanism: Mechanism) -> str:
    return str(mechanism.odometer) if mechanism.personality.counts else "?"


VARIABLES: dict[str, Callable[[Mechanism, Stream], str]] = {
    "appl.name": lambda mechanism, _: mechanism.personality.firmware,
    "device.command_override.list": lambda mechanism, _: ",".join(mechanism.variables.overridden),
    "device.host_identification": lambda mechanism, _: identification(mechanism),
    "device.languages": lambda _, __: "zpl",
    "device.product_name": lambda mechanism, _: mechanism.personality.model.partition("-")[0],
    "device.unique_id": lambda mechanism, _: mechanism.variables.unique_id,
    "ezpl.print_width": lambda mechanism, _: str(mechanism.print_width),
    "head.latch": lambda mechanism, _: "open" if mechanism.head_open else "ok",
    "head.resolution.in_dpi": lambda mechanism, _: {6: "152", 8: "203", 12: "300", 24: "600"}[
        mechanism.personality.dpmm
    ],
    "log.reboot.reason": lambda mechanism, _: mechanism.variables.reboot_reason,
    "media.printmode": lambda mechanism, _: MODE_NAMES.get(mechanism.mode, "tear off"),
    "media.status": lambda mechanism, _: "out" if mechanism.media_out else "ok",
    "odometer.latch_open_count": lambda mechanism, _: str(mechanism.variables.latch_opened),
    "odometer.media_marker_count": lambda mechanism, _: str(mechanism.gaps),
    "odometer.total_label_count": lambda mechanism, _: _count(mechanism),
    "zpl.caret": lambda _, stream: stream.caret.decode("ascii"),
    "zpl.control_character": lambda _, stream: stream.tilde.decode("ascii"),
    "zpl.delimiter": lambda _, stream: stream.delimiter.decode("ascii"),
    "zpl.label_length": lambda mechanism, _: str(mechanism.label_length),
    "zpl.system_status": _system_status,
}
