"""The SGD variables of a virtual printer that can be changed; they keep their value without power.

Those that only tell what the printer does are in answers.
"""

from __future__ import annotations

from labelsvc.printers.virtual.personality import Personality

SETTINGS_AT_MOST = 100  # characters of a setting, and commands that can be overridden

#: What a printer has from the factory.
FACTORY = {
    "alerts.configured": "",
    "device.command_override.active": "no",
    "device.friendly_name": "",
    "device.location": "",
    "ezpl.media_type": "gap/notch",
    "ezpl.reprint_mode": "off",
    "ip.ipp.mode": "all",
    "ip.port": "9100",
    "ip.port_alternate": "6101",
    "ip.port_json_config": "9200",
    "ip.port_single_conn": "9300",
    "ip.port_single_conn_idle_timeout": "180",
    "ip.tcp.enable": "on",
    "ip.tls.enable": "on",
    "ip.tls.port": "9143",
    "ip.tls.port_json_config": "9243",
    "media.speed": "4.0",
    "print.tone": "10.0",
    "weblink.ip.conn1.location": "",
    "weblink.ip.conn1.maximum_simultaneous_connections": "10",
    "weblink.ip.conn1.retry_interval": "10",
    "weblink.ip.conn1.retry_interval_random_max": "120",
    "weblink.printer_reset_required": "no",
    "zpl.zpl_mode": "zpl",
    "zpl.zpl_override": "disabled",
}
#: The counts that can be set back (to 0, whatever the value).
USER_COUNTS = ("odometer.user_label_count1", "odometer.user_label_count2")


class Variables:
    """The settings of one printer and what it counts beside its labels."""

    def __init__(self, personality: Personality) -> None:
        self.unique_id = personality.unique_id
        still = "calibrate" if personality.calibrates else "no motion"
        self.settings = FACTORY | {
            "device.friendly_name": personality.unique_id,
            "ezpl.head_close_action": still,
            "ezpl.power_up_action": still,
            "ezpl.print_method": "thermal trans" if personality.thermal_transfer else "direct thermal",
        }
        self.overridden: list[str] = []  # commands that are not obeyed (device.command_override)
        self.counted_from = dict.fromkeys(USER_COUNTS, 0)  # the odometer's count when they were set back
        self.latch_opened = 0
        self.reboot_reason = "POWER-ON"

    def overrides(self, command: bytes) -> bool:
        """Whether a command (b"^CC") is not to be obeyed (device.command_override)."""
        return self.settings["device.command_override.active"] == "yes" and command.decode("latin-1") in self.overridden

    def tell(self, name: str, value: str, odometer: int = 0) -> str | None:
        """Change a setting; return what it is then, None where it cannot be changed."""
        if name == "device.command_override.add":
            if len(self.overridden) < SETTINGS_AT_MOST and value not in self.overridden:
                self.overridden.append(value[:SETTINGS_AT_MOST])
            return value
        if name == "device.command_override.clear":
            self.overridden.clear()
            return value
        if name in USER_COUNTS:
            self.counted_from[name] = odometer
            return "0"
        if name not in self.settings:
            return None
        self.settings[name] = value[:SETTINGS_AT_MOST]
        return self.settings[name]
