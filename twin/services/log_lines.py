"""Lines of the diagnostics store, in the form that EVC4 controllers write theirs.

Source: logs in public code of people who operate EVC4 and Homebox stations (firmware V32R10 to R18, and of
2026). That an EVC5 writes the same is assumed, and so is every number of its memories.

Not modelled, so never in it: what a modem does (its signal stands as not known), and other controllers on the
CAN bus (it is set up, and no frame comes).
"""

from collections.abc import Collection, Iterator, Mapping
from math import ceil

from evc5.models.faults import UNREADABLE, Fault
from evc5.models.pilot import VOLTS
from evc5.twin.sheet import vendor
from evc5.twin.sheet.configuration import Configuration

CHANNELS = {"gsm": "1:GSM", "eth": "6:ETH"}  # com_ProtCh
PROTOCOLS = {"ocpp1.6j": "2:OCPP1.6", "lms": "1:LMS"}  # com_ProtType; the number of Lms is assumed
ROLES = {  # grid_Role; all numbers but the first are assumed
    "station_ctrl": "0:STATION CTRL",
    "slave": "1:SLAVE",
    "master": "2:MASTER",
    "no_ctrl": "3:NO CTRL",
}
METER_TYPES = {"EASTR_SDM72D": 23}  # of the others nothing is known: 0
MEMORIES = (
    "RAM SIZE/CEILING:128KB/122732",
    "FLASH SIZE/CEILING:4096KB/3674112",
    "IP free Heap : 5k",
    "Stack size : 0k, max:5.0kb Gap:4.9kb",
)
EVENTS = 2048  # that the flash has room for
NO_SIGNAL = 99  # gsm_SigQ: not known; 3GPP TS 27.007 8.5
MODE3 = {"A": 1, "B": 2, "C": 3, "D": 4}  # assumed, but for 0: a log has it at −11.2 V, the pilot's state F
FLAGS: Mapping[
    str, tuple[int, str]
] = {  # by fault: the bits of a log's word 12000800 "KWH error,RFID"; which is whose is assumed
    **dict.fromkeys(UNREADABLE, (0x12000000, "KWH error")),
    Fault.READER: (0x00000800, "RFID"),
}
SERIAL, BASICS, ENERGY = "FC00", "0", "48"  # registers of the Eastron meters, hexadecimal
JUNK = (237, 0, 0)  # what a disturbed bus leaves, and what is no UTF-8
UNREAD = "".join(chr(0xDC00 + byte) if byte > 0x7F else chr(byte) for byte in JUNK)  # as surrogateescape


def of_start(configuration: Configuration, version: str, waiting: int) -> Iterator[str]:
    """What a start writes; `waiting`: messages in the transaction log."""
    yield f"start of {version}"
    channel = CHANNELS[configuration.text("com_ProtCh").lower()]
    protocol = PROTOCOLS.get(configuration.text("com_ProtType").lower(), "0")
    yield f"Protocol [CH][TYPE]:[{channel}][{protocol}]"
    if channel == CHANNELS["gsm"]:
        yield f"GSM SIGQ[{NO_SIGNAL}]"  # the form is assumed
    yield of_grid(configuration)
    yield "CAN RX RINGBUFFER CTX"  # set up, on a station that stands alone as well
    yield f"OCPP ID [{configuration.text('com_OCPCID')}]"
    yield from MEMORIES
    usage = 100 * waiting // EVENTS
    yield f"EVENT FLASH MANAGER START [WRID:{waiting}][{waiting}/{EVENTS}]MEM USAGE[{usage}]"
    for connector in range(1, configuration.connectors + 1):
        yield from of_meter(configuration, connector)


def of_grid(configuration: Configuration) -> str:
    """The amperes that load balancing goes by."""
    role = ROLES.get(configuration.text("grid_Role").lower(), "0")
    amps = {
        "MIN.I": "chg_MinChargingCurrent",
        "STATION": "chg_StationMaxCurrent",
        "INSTALLATION": "grid_InstallationMaxcurrent",
        "SUPERVISOR": "grid_SupervisorTotalcurrent",
    }
    return f"PGrid[{role}]" + "".join(f"{name}[{configuration.text(key)}]" for name, key in amps.items())


def of_temperature(connector: int, temp_c: float) -> str:
    """At a channel's socket; of the form only the end is known."""
    return f"Temperature [CH]:[{connector - 1}] {round(temp_c)}C"


def of_mode3(connector: int, pilot: str, faults: Collection[str]) -> str:
    """State and pilot in tenths of a volt, as EVC4 stations also have them in `info`, and what is wrong."""
    flags = dict(FLAGS[fault] for fault in faults if fault in FLAGS)
    state = f"{MODE3.get(pilot, 0)}/{10 * VOLTS[pilot]}"
    return f"{connector} M3[{state}]S[{sum(flags):08x}:{','.join(flags.values())}]"


def of_meter(configuration: Configuration, connector: int) -> Iterator[str]:
    """A channel's kWh meter, looked for on its bus and found; nothing where there is none."""
    parts = [part.strip() for part in configuration.text(f"chg_KWH{connector}").split(",")]
    if len(parts) < 3:
        return
    name, address, baud = parts[:3]
    serial = configuration.options("com_OCPCInfo").get("meterserial", "0")
    kind = METER_TYPES.get(name.upper(), 0)
    yield f"Meter{connector - 1}:SN[{serial}]Type[{kind}]Speed[{baud}]Addr[{address}]Opt[0]"
    yield read(address, SERIAL)
    known = vendor.METER_NAMES.get(name.upper(), name)
    yield f"KWH METER [CH][SERIAL][TYPE]:[{connector - 1}][{serial}][{known}]"
    yield from (read(address, register) for register in (BASICS, ENERGY))


def of_answering(configuration: Configuration, connector: int, answers: bool) -> Iterator[str]:
    """What the bus of a channel's meter shows that does not answer any more, or does again."""
    address = configuration.text(f"chg_KWH{connector}").split(",")[1:2]
    for unit in address:
        if answers:
            yield read(unit.strip(), ENERGY)
        else:
            yield f"KWH:AD[{unit.strip()}]JU:[{','.join(map(str, JUNK))}]{UNREAD}"
            yield f"KWH:AD[{unit.strip()}]RG[{ENERGY}]REC[9,9]ERR[TO]"


def read(address: str, register: str) -> str:
    """A meter that answered."""
    return f"KWH:AD[{address}]RG[{register}]R[1]OK"


def of_retry(attempt: int, wait_s: float) -> str:
    """A transaction message that will be sent again."""
    return f"EV RETRY [{attempt}] DELAY [{ceil(wait_s / 60)}] Min"
