"""All settings, typed and frozen: flag > environment > `.env` > `rail-debug.yaml` > default.

An environment variable is `RAIL_DEBUG_` and the path of the field, two underscores between levels:
`RAIL_DEBUG_SERVICE__PORT=8080`. The empty environment works.
"""

from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    YamlConfigSettingsSource,
)

from app.core.errors import InvalidSettings
from app.core.ids import kb_slug
from app.core.settings.analyzers import EVIDENCE, FALLBACK, AnalyzerSpec, Route, Table
from app.core.settings.benchmark import BenchmarkSettings
from app.core.settings.cache import CacheSettings
from app.core.settings.gate import GateSettings
from app.core.settings.lines import place
from app.core.settings.pool import PoolSettings
from app.core.settings.prompts import PromptSettings
from app.core.settings.qualify import QualifySettings
from app.core.settings.records import RecordsSettings
from app.core.settings.retrieval import RetrievalSettings
from app.core.settings.service import ServiceSettings
from app.core.settings.telemetry import TelemetrySettings


class YamlFile(YamlConfigSettingsSource):
    def _read_file(self, file_path: Any) -> dict[str, Any]:
        """What is wrong with the file is said as a `ValueError` that names it."""
        import yaml

        try:
            found = super()._read_file(file_path)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ValueError(f"{file_path}: {error}") from error
        if not isinstance(found, dict):
            raise ValueError(f"{file_path}: it holds no settings by name")
        return found


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="RAIL_DEBUG_",
        env_nested_delimiter="__",
        env_file=".env",
        yaml_file="rail-debug.yaml",
        extra="ignore",  # a shared .env holds other programs' variables too
        frozen=True,
        populate_by_name=True,
    )

    home: Path = Field(Path("~/.rail-debug"), description="Folder of the database, the spool and the checkpoints.")
    kb: str = Field("main", description="Knowledge base that is asked when none is named.")
    online: bool = Field(False, description="Whether weights may be fetched from a model hub.")
    embedder_path: Path | None = Field(None, description="Folder with model.safetensors and tokenizer.json.")
    grammars: Path | None = Field(
        None, description="Your own fault-code grammars, beside the shipped ones; default: grammars.toml in the home."
    )
    analyzer: str = Field(
        "evidence",
        validation_alias=AliasChoices("RAIL_DEBUG_ANALYZER", "LLM_MODEL_VERSION", "analyzer"),
        description="Name of the active analyzer.",
    )
    analyzers: dict[str, AnalyzerSpec] = Field(
        default_factory=dict, description="Configured analyzers by name; `evidence` is always there."
    )
    fallback: tuple[str, ...] = Field(
        (), description="Analyzers that answer, in this order, where the one that was asked cannot; then `evidence`."
    )
    routes: tuple[Route, ...] = Field(
        (), description="Which questions go to which analyzer where none is named; the first that fits decides."
    )
    allow_remote: bool = Field(
        False, description="Whether what a local analyzer was asked may go on to one that is not on this machine."
    )
    redis_url: SecretStr | None = Field(None, description="Redis that several processes of this service share.")
    database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("RAIL_DEBUG_DATABASE_URL", "DATABASE_URL", "database_url"),
        description="Postgres that keeps the records, as postgresql://…; default: SQLite in the home.",
    )
    records: RecordsSettings = RecordsSettings()
    pool: PoolSettings = PoolSettings()
    qualify: QualifySettings = QualifySettings()
    benchmark: BenchmarkSettings = BenchmarkSettings()
    service: ServiceSettings = ServiceSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    cache: CacheSettings = CacheSettings()
    gate: GateSettings = GateSettings()
    prompts: PromptSettings = PromptSettings()
    telemetry: TelemetrySettings = TelemetrySettings()

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, url: SecretStr | None) -> SecretStr | None:
        """The empty one is none."""
        told = url.get_secret_value() if url else ""
        if told and not told.startswith(("postgres://", "postgresql://")):
            raise ValueError("it has to begin with postgresql://")
        return url if told else None

    @property
    def database(self) -> str | None:
        return self.database_url.get_secret_value() if self.database_url else None

    @property
    def folder(self) -> Path:
        return self.home.expanduser()

    @property
    def own_grammars(self) -> Path:
        """Raises `InvalidSettings` when a file is named that is not there."""
        if self.grammars is None:
            return self.folder / "grammars.toml"
        if not self.grammars.expanduser().is_file():
            raise InvalidSettings(f"grammars: there is no file {str(self.grammars)!r}.", hint="Check the path.")
        return self.grammars.expanduser()

    @property
    def table(self) -> dict[str, AnalyzerSpec]:
        """Every analyzer that can be named, `evidence` included."""
        return {FALLBACK: EVIDENCE, **self.analyzers}

    @property
    def analyzer_table(self) -> Table:
        return Table(self.table, self.analyzer, self.fallback, self.routes, self.allow_remote)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, YamlFile(settings_cls)


def load(**flags: Any) -> Settings:
    """Raises `InvalidSettings` that names every wrong field and what was expected, or the file that cannot be read."""
    try:
        settings = Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}{place(e['loc'])}" for e in error.errors())
        raise InvalidSettings(f"The settings are not valid: {wrong}.") from error
    except (SettingsError, ValueError, OSError) as error:
        where = "the environment, `.env` or `rail-debug.yaml`"
        raise InvalidSettings(f"The settings cannot be read from {where}: {error}.") from error
    kb_slug(settings.kb)
    return settings
