"""Hostile input for everything that reads bytes from outside: the decoders and the MQTT reader."""
