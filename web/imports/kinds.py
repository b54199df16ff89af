"""What can be imported: a line for each kind."""

from web.imports.assignments import ASSIGNMENTS
from web.imports.devices import DEVICES
from web.imports.drivers import DRIVERS
from web.imports.positions import POSITIONS
from web.imports.vehicles import VEHICLES

IMPORTS = (VEHICLES, DRIVERS, DEVICES, ASSIGNMENTS, POSITIONS)
KINDS = {kind.name: kind for kind in IMPORTS}
