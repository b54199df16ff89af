"""Large files as fleets send them: vehicles, and positions of a fleet over days."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

BUSES = 54
STEP_S = 10


def write_vehicles(path: Path, rows: int) -> None:
    """So many vehicles, each with a plate of its own."""
    with path.open("w", encoding="utf-8") as file:
        file.write("Fleet number,Plate,Kind,Make,Model,Year,Seats,Fuel,Tank,Status,Notes\n")
        file.writelines(
            f"V{n},M-{n},bus,MAN,Lion's City {n % 50},{1990 + n % 35},{20 + n % 60},"
            f"diesel,{200 + n % 50}.5,in service,row {n}\n"
            for n in range(rows)
        )


def write_positions(path: Path, rows: int) -> None:
    """So many fixes of 54 buses, one each 10 s, up to now, the buses by turns, as a server writes them."""
    rng = random.Random(7)
    now = datetime.now(UTC).replace(microsecond=0)
    steps = rows // BUSES + 1
    with path.open("w", encoding="utf-8") as file:
        file.write("device,time,latitude,longitude,speed (km/h),course,satellites\n")
        for n in range(rows):
            step, bus = divmod(n, BUSES)
            at = now - timedelta(seconds=(steps - step) * STEP_S)
            file.write(
                f"bus-{bus},{at:%Y-%m-%dT%H:%M:%SZ},{48 + bus / 100 + rng.random() / 1000:.6f},"
                f"{11.5 + step / 1e6:.6f},{rng.random() * 60:.1f},{step % 360},{7 + n % 6}\n"
            )


WRITE = {"vehicles": write_vehicles, "positions": write_positions}
