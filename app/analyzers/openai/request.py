"""What is asked becomes the body of a request."""

from app.analyzers.openai.settings import OpenAIOptions
from app.analyzers.prompting import Asked


def body(asked: Asked, options: OpenAIOptions) -> dict[str, object]:
    """The row's own fields win, and those that its server refuses are left out."""
    sampling = {"temperature": asked.temperature, "seed": asked.seed}
    fields: dict[str, object] = {
        "model": options.served,
        "messages": [{"role": role, "content": text} for role, text in asked.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        options.limit_field: asked.limit,
        **{name: value for name, value in sampling.items() if value is not None},
        **options.extra,
    }
    return {name: value for name, value in fields.items() if name not in options.omit}
