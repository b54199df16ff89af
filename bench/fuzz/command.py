"""`motorpool bench fuzz`: hostile input by hypothesis and by mutation, and how its cost grows."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from bench.fuzz.growth import HOSTILE, measure_growth
from bench.fuzz.mutation import draw_inputs
from bench.fuzz.targets import TARGETS

SHOWN_BYTES = 300


@click.command()
@click.option("--inputs", type=click.IntRange(1), default=100_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def fuzz(inputs: int, seed: int) -> None:
    """Feed mutated input to every decoder and to the MQTT reader, then measure how the cost grows.

    So many inputs go to each target; exit code 1 where one raised anything but DecodeError, or grew as the
    square.
    """
    failures = 0
    for target in TARGETS:
        begin = time.monotonic()
        broken = _try_inputs(target, inputs, seed)
        failures += broken
        click.echo(f"{target:12} {inputs} inputs, {broken} broken, {time.monotonic() - begin:.0f} s")
    for name in HOSTILE:
        growth = measure_growth(name)
        failures += not growth.proportional
        word = "" if growth.proportional else "  NOT IN PROPORTION"
        figures = f"time x{growth.time_ratio:.1f}, memory x{growth.memory_ratio:.1f}"
        click.echo(f"{name:40} {figures}, peak {growth.peak_bytes / 1e6:.1f} MB{word}")
    sys.exit(1 if failures else 0)


def _try_inputs(target: str, count: int, seed: int) -> int:
    """How many inputs broke the target; the first ten are shown."""
    broken = 0
    for data, cuts in draw_inputs(target, count, seed):
        try:
            with _quiet(target):
                TARGETS[target](data, cuts)
        except Exception as error:
            broken += 1
            if broken <= 10:
                click.echo(
                    f"{target}: {type(error).__name__}: {error}\n  {data[:SHOWN_BYTES]!r} cut at {cuts}"
                )
    return broken


@contextmanager
def _quiet(target: str) -> Iterator[None]:
    """The MQTT codec writes each of its panics to standard error before we can catch it."""
    if target != "mqtt":
        yield
        return
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
