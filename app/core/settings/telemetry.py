"""How much of the house is watched, who is told of it, and what nobody is told."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

Preset = Literal["train", "driver", "position", "host"]


class Collector(BaseModel):
    """Where spans go by OTLP: Jaeger, a collector, Langfuse. `public_key` and `secret_key` are Langfuse's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str = Field(pattern=r"^https?://[^\s/]+")
    protocol: Literal["http", "grpc"] = "http"
    headers: dict[str, SecretStr] = {}
    public_key: str = ""
    secret_key: SecretStr = SecretStr("")
    traces: bool = True
    metrics: bool = False
    timeout_s: float = Field(1.0, gt=0, le=10)


class TelemetrySettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tracing: bool = Field(True, description="Whether spans are made at all.")
    ring: int = Field(2048, ge=0, description="Finished spans kept in process.")
    metrics: bool = Field(True, description="Whether a served process counts, and tells at `/metrics`.")
    otlp: dict[str, Collector] = Field(
        default_factory=dict,
        description="Collectors by name: …__OTLP__JAEGER__ENDPOINT=http://jaeger:4318, …__PROTOCOL=http or grpc.",
    )
    console: bool = Field(False, description="Whether each finished span is printed on stderr, as a line of JSON.")
    queue: int = Field(2048, ge=512, description="Spans that wait for a collector at most; beyond that the oldest go.")
    content: bool = Field(False, description="Whether exported spans hold questions, prompts and answers.")
    mask: tuple[Preset, ...] = Field(
        ("train", "driver", "position", "host"),
        description="Personal data taken out of spans, logs and what goes to a remote analyzer; [] for none.",
    )
    mask_patterns: dict[str, str] = Field(
        default_factory=dict, description="Your own kinds of it: name and regular expression of each."
    )
    mask_remote: bool = Field(True, description="Whether a remote analyzer gets placeholders for personal data.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe line that is logged."
    )

    @field_validator("mask_patterns")
    @classmethod
    def _compile(cls, patterns: dict[str, str]) -> dict[str, str]:
        for name, pattern in patterns.items():
            if not re.fullmatch("[a-z]{1,20}", name):
                raise ValueError(f"{name!r}: a kind is named by 1 to 20 letters a to z")
            try:
                empty = re.compile(pattern).search("")
            except re.error as error:
                raise ValueError(f"{name}: {error}") from error
            if empty:
                raise ValueError(f"{name}: {pattern!r} matches where nothing stands")
        return patterns
