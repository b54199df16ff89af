"""What one of several workers of `ingest --workers` does otherwise than a daemon that is alone."""

from config.settings import SHARE_NAME, Settings, SettingsError

MOST_WORKERS = 64


def settle_for_worker(settings: Settings, number: int) -> Settings:
    """The settings of the worker of this number, the first being 1. Raises SettingsError.

    The first has the session that a daemon alone would have, so that nothing is left behind when one becomes
    several or several become one; and it alone reads the serial ports. The share is named after the client
    id, for two installations on one broker differ in that, and must never share.
    """
    share = settings.mqtt_share or settings.mqtt_client_id
    sentences = []
    if settings.mqtt_url is None:
        sentences.append(
            "MQTT_URL is not set; only what comes from a broker can be shared by several workers."
        )
    if not SHARE_NAME.fullmatch(share):
        sentences.append("MQTT_CLIENT_ID has /, + or # in it; several workers need MQTT_SHARE besides.")
    # The scheduler has the port after METRICS_PORT.
    port = settings.metrics_port and settings.metrics_port + (number if number > 1 else 0)
    if port and port > 65_535:
        sentences.append(f"METRICS_PORT leaves no port for worker {number}; it would be {port}.")
    if sentences:
        raise SettingsError(sentences)
    own: dict[str, object] = {"mqtt_share": share, "metrics_port": port}
    if number > 1:
        own |= {"mqtt_client_id": f"{settings.mqtt_client_id}-{number}", "serial_ports": ()}
    return settings.model_copy(update=own)
