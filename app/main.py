"""The ASGI app: `uvicorn app.main:app`, or `rail-debug serve`."""

from app.core.settings.threads import one_each

one_each()  # before numpy is imported

from app.api.app import build_app  # noqa: E402

app = build_app()
