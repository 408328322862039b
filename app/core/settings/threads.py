"""What libraries read from the environment when they are imported: one thread for each piece of numeric work,

since many pieces run side by side and threads that spin steal from them; and no report of what is used here to anybody.
"""

import os

ONE_EACH = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
NO_TELEMETRY = {"HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


def one_each() -> None:
    """To be called before numpy is first imported, since its BLAS reads the environment only then.

    What the operator has set stays.
    """
    for name, value in (ONE_EACH | NO_TELEMETRY).items():
        os.environ.setdefault(name, value)
