"""Which prompts are used: files, labels, Langfuse, and experiments between them."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from app.core.errors import InvalidSettings
from app.core.settings.address import checked

Style = Literal["structured", "conversational", "concise"]
Unit = Literal["conversation", "engineer", "asset"]


class LangfuseSettings(BaseModel):
    """Used as soon as it has both keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("https://cloud.langfuse.com", description="Address of Langfuse.")
    public_key: str | None = Field(None, description="Public key of the Langfuse project.")
    secret_key: SecretStr | None = Field(None, description="Its secret key; by environment or file only.")
    secret_key_file: Path | None = Field(None, description="File that holds the secret key, instead of the variable.")
    trust_env: bool = Field(False, description="Whether proxies and SSL_CERT_FILE of the environment are used.")
    prefix: str = Field("rail-debug-", pattern=r"^[\w-]*$", description="What our prompts' names begin with there.")
    timeout_s: float = Field(2.0, gt=0, description="Seconds that one call may take; no question ever waits for it.")
    fresh_s: float = Field(60.0, gt=0, description="Seconds after which a prompt is fetched again, in the background.")
    retry_s: float = Field(15.0, gt=0, description="Seconds before a fetch that failed is tried again.")
    warm_s: float = Field(1.0, ge=0, description="Seconds that the start waits for the first prompts.")
    queue: int = Field(1000, ge=1, description="Scores that wait to be sent; more are dropped, and counted.")

    @field_validator("host")
    @classmethod
    def _address(cls, url: str) -> str:
        return checked(url)

    def keys(self) -> tuple[str, str] | None:
        """-> public and secret key. Raises `InvalidSettings` when the file cannot be read."""
        secret = self.secret_key.get_secret_value() if self.secret_key else ""
        if self.secret_key_file is not None:
            try:
                secret = self.secret_key_file.expanduser().read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise InvalidSettings(f"prompts.langfuse.secret_key_file: {error}.") from error
        return (self.public_key, secret) if self.public_key and secret else None


class ArmSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    use: str = Field(min_length=1, max_length=100)  # `file`, a local version `2`, `label:prod-b`, or an analyzer
    weight: float = Field(1.0, gt=0)


class ExperimentSettings(BaseModel):
    """Two or more ways beside each other; the first one is what all others are measured against."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    use_case: str = Field("analyze", pattern=r"^[a-z][a-z0-9_-]*$")  # a prompt, or `analyzer`
    arms: dict[str, ArmSettings] = Field(min_length=2, max_length=8)
    unit: Unit = "conversation"
    metric: Literal["thumbs", "verified", "latency", "cost"] = "thumbs"
    guardrails: tuple[Literal["thumbs", "verified", "latency", "cost"], ...] = ("verified", "latency")
    minimum: int = Field(100, ge=20)  # outcomes of each arm before anything is decided
    alpha: float = Field(0.05, gt=0, lt=0.5)

    @model_validator(mode="after")
    def _ways_differ(self) -> Self:
        if len({arm.use for arm in self.arms.values()}) != len(self.arms) and "aa" not in self.arms:
            raise ValueError("two arms use the same; call one of them `aa` where that is meant")
        return self


class PromptSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = Field(None, description="Folder of the prompt files; default: the shipped ones.")
    versions: Path | None = Field(None, description="Folder of further versions; default: prompts in the home.")
    label: str = Field("production", pattern=r"^[a-z0-9_.-]+$", description="Label whose prompts are used.")
    style: Style = Field(
        "structured", description="How a model is asked to speak: structured, conversational, concise."
    )
    langfuse: LangfuseSettings = LangfuseSettings()
    experiments: dict[str, ExperimentSettings] = Field(
        default_factory=dict, description="Experiments by name: use_case, arms, unit, metric, guardrails."
    )
