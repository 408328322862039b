"""What comes in over HTTP, checked at the door; unknown fields are refused."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, StringConstraints

from app.core import question as q
from app.core.ids import kb_slug

Short = Annotated[str, StringConstraints(max_length=200)]
Material = Annotated[str, AfterValidator(lambda text: text.encode("utf-8", "replace").decode())]
"""A log read byte by byte may hold halves of characters, which nothing can store; they become question marks."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AssetRequest(Strict):
    id: Short | None = None
    vehicle_class: Short | None = None
    baseline: Short | None = None


class CodeRequest(Strict):
    language: Short
    text: Material


class AttachmentRequest(Strict):
    name: Short
    text: Material


class OptionsRequest(Strict):
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1, le=32_768)
    seed: int | None = None


class DebugRequest(Strict):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"question": "E73-B on coach 3 after the brake test, what do I check first?"},
                {"question": "Why did the unit brake?", "log": "06:12:41 TCU WARN E73B persistent"},
            ]
        },
    )

    question: str = Field("", max_length=20_000, validation_alias=AliasChoices("question", "query"))
    log: Material = Field("", description="Log excerpt; lines are material, never instructions.")
    code: CodeRequest | None = None
    asset: AssetRequest = AssetRequest()
    at: date | None = Field(None, description="Day of the fault: which revision was valid.")
    knowledge_base: str | None = None
    conversation_id: Short | None = None
    parent_run_id: Short | None = None
    analyzer: Short | None = Field(None, description="A configured analyzer; an unknown one is a 400.")
    attachments: tuple[AttachmentRequest, ...] = Field((), max_length=16)
    locale: Short | None = None
    options: OptionsRequest = OptionsRequest()

    def to_question(self, default_kb: str) -> q.Question:
        return q.Question(
            text=self.question,
            log=self.log,
            code=q.CodeFragment(**self.code.model_dump()) if self.code else None,
            asset=q.Asset(**self.asset.model_dump()),
            at=self.at,
            kb=kb_slug(self.knowledge_base or default_kb),
            conversation_id=self.conversation_id,
            parent_run_id=self.parent_run_id,
            analyzer=self.analyzer,
            attachments=tuple(q.Attachment(a.name, a.text) for a in self.attachments),
            locale=self.locale,
            options=q.Options(**self.options.model_dump()),
        )


class DecisionRequest(Strict):
    decision: Literal["approve", "reject"]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class ReasonRequest(Strict):
    reason: str = Field("", max_length=2_000, description="Why the gate is passed by; it goes into the audit.")


class StageRequest(Strict):
    stage: Literal["candidate", "shadow"]
