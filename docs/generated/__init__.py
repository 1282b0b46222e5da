"""Pages of the reference, each made from the code that it tells of, so that none can go stale."""

from collections.abc import Callable

from generated import command_line, device, judge, rig_file, rooms, tables

PAGES: dict[str, Callable[[], str]] = {
    "reference/rig-file.md": rig_file.keys,
    "reference/shipped-rigs.md": rig_file.shipped,
    "reference/configuration-keys.md": device.configuration_keys,
    "reference/policies.md": device.policies,
    "reference/faults.md": device.faults,
    "reference/vehicles.md": device.vehicles,
    "reference/tables.md": tables.tables,
    "reference/requirements.md": judge.requirements,
    "reference/seeded-bugs.md": judge.seeded_bugs,
    "reference/command-line.md": command_line.commands,
    "explanation/rooms.md": rooms.rooms,
}
