"""Computes the vectors of the sample shelf; they travel with the package, so that the first answer waits for nothing.

Run it whenever a document under `app/knowledge/`, or the way one is cut, has changed; a test recomputes a sample.

    python training/ship_vectors.py
"""

import asyncio
import tempfile
from pathlib import Path

from app.core.settings import load
from app.services.shelf import ship


async def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        print(f"{await ship(load(home=Path(home)))} vectors were written.")


if __name__ == "__main__":
    asyncio.run(main())
