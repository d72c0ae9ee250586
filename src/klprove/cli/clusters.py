# SPDX-License-Identifier: GPL-2.0-or-later
"""`--cluster`: whose processes do the work."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from klprove.cluster import Cluster

cluster_option = click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Spread the questions over the workers of a Ray cluster (needs klprove[cluster]): `auto` "
    "joins the one on this machine, HOST:PORT another, `local` starts one here for this run. The "
    "answer does not depend on it.",
)


@contextmanager
def cluster_at(address: str | None, workers: int | None) -> Iterator["Cluster | None"]:
    """The cluster at `address`; None without one. Raises Unavailable."""
    if address is None:
        yield None
    else:
        from klprove.cluster import Cluster  # nobody else waits for it

        with Cluster(address, workers) as cluster:
            yield cluster
