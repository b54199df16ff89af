"""TimescaleDB and mosquitto for a machine that has neither: fetched, unpacked, run without Docker or root."""

from local.services.errors import ServiceError
from local.services.pair import Services

__all__ = ["ServiceError", "Services"]
