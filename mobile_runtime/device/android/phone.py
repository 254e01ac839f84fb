"""Connected Android phone: choice and description."""

import re
from dataclasses import dataclass

from mobile_runtime.console import printable
from mobile_runtime.device.android.adb import Connection, run_adb
from mobile_runtime.errors import DeviceError


@dataclass(frozen=True)
class Phone:
    """Properties of a phone, as it reports them."""

    name: str
    """Maker and model."""
    android: str
    """Version and API level."""
    soc: str
    """Maker and model of the chip; the board's name before Android 12."""
    abi: str
    """Instruction set that programs must be built for, such as `arm64-v8a`."""

    def __str__(self) -> str:
        """Return model, Android version and chip: what measurements depend on."""
        return f"{self.name}, Android {self.android}, {self.soc}"


def connect(program: str, serial: str | None, seconds_limit: float) -> Connection:
    """Return the connection to a phone; its serial number is None if only one is connected.

    Raises:
        DeviceError: adb is missing, no phone or several are connected, or the phone
            does not accept commands.
    """
    listed = run_adb([program, "devices"], seconds_limit)
    if listed.code != 0:
        raise DeviceError(f"adb cannot list phones: {listed.reason}")
    pairs = [line.split("\t", 1) for line in listed.text.splitlines() if "\t" in line]
    states = {printable(name): printable(state).strip() for name, state in pairs}
    chosen = _choose(states, serial)
    if states[chosen] != "device":
        raise DeviceError(_explain(chosen, states[chosen]))
    return Connection(program, chosen, seconds_limit)


def read_phone(connection: Connection) -> Phone:
    """Return the description of a phone.

    Raises:
        DeviceError: It does not answer.
    """
    answer = connection.shell("getprop")
    if answer.code != 0:
        raise DeviceError(f"The phone does not say what it is: {answer.reason}")
    found = dict(re.findall(r"^\[(.+?)\]: \[(.*)\]\s*$", answer.text, re.MULTILINE))
    facts = {name: printable(value) for name, value in found.items()}

    def join(*names: str) -> str:
        return " ".join(facts[name] for name in names if facts.get(name)) or "unknown"

    api = join("ro.build.version.sdk")
    soc = join("ro.soc.manufacturer", "ro.soc.model")
    return Phone(
        name=join("ro.product.manufacturer", "ro.product.model"),
        android=f"{join('ro.build.version.release')} (API {api})",
        soc=soc if soc != "unknown" else join("ro.board.platform"),
        abi=join("ro.product.cpu.abi"),
    )


def _choose(states: dict[str, str], serial: str | None) -> str:
    if not states:
        raise DeviceError(
            "No phone is connected: plug one in, allow USB debugging in its developer options, and "
            "look whether `adb devices` lists it."
        )
    listed = ", ".join(states)
    if serial is None and len(states) > 1:
        raise DeviceError(f"Several phones are connected: --serial takes {listed}.")
    if serial is not None and serial not in states:
        raise DeviceError(f"No phone {serial} is connected: adb lists {listed}.")
    return serial or next(iter(states))


def _explain(serial: str, state: str) -> str:
    remedies = {
        "unauthorized": "unlock it and allow this computer when it asks.",
        "offline": "plug it in again, or restart adb with `adb kill-server`.",
    }
    return f"Phone {serial} is {state}: {remedies.get(state, 'see `adb devices -l`.')}"
