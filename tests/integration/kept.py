"""A committed row and a written object, to be found again after whatever has happened."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass

from tests.integration.clone import Clone

BUCKET = "kept"


@dataclass(frozen=True)
class Kept:
    """A row of an own table and an object of an own bucket, both with this mark."""

    clone: Clone
    mark: str

    def is_there(self) -> bool:
        """Whether both still are."""
        found = self.clone.sql("SELECT mark FROM kept WHERE mark = %s", self.mark)
        content = self.clone.s3("lakehouse-admin").get_object(BUCKET, self.mark).read()
        return found == [(self.mark,)] and content == self.mark.encode()


def keep(clone: Clone) -> Kept:
    """Writes a row and an object."""
    mark, client = uuid.uuid4().hex, clone.s3("lakehouse-admin")
    clone.sql("CREATE TABLE IF NOT EXISTS kept (mark text)")
    clone.sql("INSERT INTO kept VALUES (%s)", mark)
    if not client.bucket_exists(BUCKET):
        client.make_bucket(BUCKET)
    client.put_object(BUCKET, mark, io.BytesIO(mark.encode()), len(mark))
    return Kept(clone, mark)
