"""What goes wrong with the embedded services, told in a sentence that a person can act on."""


class ServiceError(Exception):
    """A service cannot be fetched, prepared, started or stopped; the message says why and what to do."""
