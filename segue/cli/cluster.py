"""The words that name a cluster, for commands whose listening it can do."""

from __future__ import annotations

import argparse

from segue.errors import ParameterError
from segue.store.workers import CrewMaker
from segue.values import Hearing

INSTALL = "Install the extra: pip install 'segue-dj[cluster]', or pip install -r requirements-cluster.txt"


def cluster_words(parser: argparse.ArgumentParser) -> None:
    """Add the words that name a cluster; see `crew_of`."""
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="let the workers of a Dask cluster listen: tcp://host:8786 of its scheduler"
    )
    parser.add_argument(
        "--dask-root",
        metavar="HERE=THERE",
        action="append",
        default=[],
        help="a folder of this machine, and where the cluster's workers have it; may be said several times",
    )
    parser.add_argument(
        "--dask-tls", metavar="CA,CERT,KEY", help="three PEM files, for a cluster that encrypts: tls://host:8786"
    )


def crew_of(args: argparse.Namespace) -> CrewMaker[Hearing] | None:
    """The cluster that was asked for, or None; raises ParameterError for words without one, or if Dask is not here."""
    if args.dask is None:
        if args.dask_root or args.dask_tls:
            what = "--dask-root and --dask-tls are said of a cluster, and none is named"
            raise ParameterError(what, remedy="Say --dask tcp://host:8786")
        return None
    try:
        from segue.store.cluster import cluster_at
    except ImportError as error:
        raise ParameterError(f"a cluster needs Dask, which is not here ({error})", remedy=INSTALL) from error
    return cluster_at(args.dask, roots=args.dask_root, tls=args.dask_tls)
