"""One thread per piece of numeric work: many pieces run side by side, and threads that spin steal from them."""

import os

ONE_EACH = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def one_each() -> None:
    """To be called before numpy is first imported, since its BLAS reads the environment only then.

    What the operator has set stays.
    """
    for name, value in ONE_EACH.items():
        os.environ.setdefault(name, value)
