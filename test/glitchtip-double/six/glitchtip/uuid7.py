"""UUIDs of version 7: ids of rows, and bounds of the partitions that hold them."""

import secrets
from datetime import datetime
from uuid import UUID

VERSION_AND_VARIANT = (7 << 76) | (2 << 62)


def least_at(moment: datetime) -> UUID:
    """The bound of a partition that begins then."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | VERSION_AND_VARIANT)


def new_at(moment: datetime) -> UUID:
    """An id of then with a random rest."""
    return UUID(int=least_at(moment).int | (secrets.randbits(12) << 64) | secrets.randbits(62))
