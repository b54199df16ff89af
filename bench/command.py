"""`motorpool bench …`: each trial is a command of this group."""

import signal
import sys

import click

from bench.batches.command import batches
from bench.chaos.command import chaos
from bench.detection.command import detection
from bench.drain.command import ingest
from bench.exports.command import exports
from bench.fuzz.command import fuzz
from bench.growth.command import growth
from bench.imports.command import imports
from bench.latency.command import latency
from bench.overload.command import overload
from bench.pictures.command import pictures
from bench.records.command import records


@click.group()
def bench() -> None:
    """Measure this installation's code, on services of its own."""
    # Or whoever stops a trial would leave its services, and perhaps gigabytes, behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


bench.add_command(batches)
bench.add_command(chaos)
bench.add_command(detection)
bench.add_command(exports)
bench.add_command(ingest)
bench.add_command(fuzz)
bench.add_command(growth)
bench.add_command(imports)
bench.add_command(latency)
bench.add_command(overload)
bench.add_command(pictures)
bench.add_command(records)
