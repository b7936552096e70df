"""The connections files are loaded into: one vendor a layer, which nothing asks over a network."""

from __future__ import annotations

from functools import cache

from collectors.auth import Auth
from collectors.connections import Connection
from collectors.convert import constant
from collectors.declare import Convert, Endpoint, Layer, Vendor
from collectors.drop.declare import Layout, Named
from collectors.drop.table import DropError
from collectors.pagination import OnePage
from collectors.systems import FILES

LONGEST_NAME = 100


@cache
def vendor_of(layer: Layer) -> Vendor:
    """What `Plan` asks of a vendor; of its address there is none."""
    slug = f"files_{layer}"
    return Vendor(
        slug=slug, label=FILES[slug].label, layer=layer, base_url="", auth=Auth(), paginate=OnePage(), test="",
        settings=(), endpoints=(),
    )  # fmt: skip


def connection_for(layout: Layout, source: str) -> Connection:
    """The connection of this source, made where there is none. Raises DropError for a name that is none."""
    label = " ".join(source.split())
    if not label:
        raise DropError("Say which source the file is from, such as “Tickets by hand”.")
    if len(label) > LONGEST_NAME or not label.isprintable():
        raise DropError(f"The name of the source is longer than {LONGEST_NAME} characters, or cannot be shown.")
    found: Connection = Connection.objects.get_or_create(vendor=layout.vendor, label=label)[0]
    return found


def endpoint(layout: Layout) -> Endpoint:
    """The layout as a list of records, whose fields stand under the names of their columns."""
    constants = {name: constant(value) for name, value in layout.constants.items()}
    return Endpoint(
        name=layout.key, path="", into=layout.into, fields={"external_id": "key", **constants, **layout.fields},
        complete=layout.stands,
    )  # fmt: skip


def endpoint_of_named(layout: Layout, named: Named) -> Endpoint:
    fields: dict[str, str | Convert] = {"external_id": f"{named.column} key", "name": f"{named.column} name"}
    name = f"{layout.key}: {named.column.lower()}"
    return Endpoint(name=name, path="", into=named.into, fields=fields | dict(named.fields))
