"""The tables, as numbered steps: a step that has been released is never changed, a new one is added below it."""

from collections.abc import Callable, Sequence

from app.core.errors import RecordsUnavailable
from app.records.sql import Connection


def step_1(binary: str) -> Sequence[str]:
    """Documents and what they are cut into, runs and their evidence packs, keys."""
    return (
        "CREATE TABLE knowledge_bases (kb TEXT PRIMARY KEY, index_version INTEGER NOT NULL)",
        """CREATE TABLE documents (
            id TEXT PRIMARY KEY, kb TEXT NOT NULL, owner TEXT NOT NULL, path TEXT NOT NULL, title TEXT NOT NULL,
            format TEXT NOT NULL, revision TEXT NOT NULL, valid_from TEXT, superseded_by TEXT,
            applicability TEXT NOT NULL, digest TEXT NOT NULL, generation INTEGER NOT NULL, chunks INTEGER NOT NULL,
            deleted INTEGER NOT NULL, updated_at DOUBLE PRECISION NOT NULL)""",
        "CREATE INDEX documents_moved ON documents (kb, generation)",
        """CREATE TABLE texts (
            document_id TEXT NOT NULL REFERENCES documents (id), generation INTEGER NOT NULL, text TEXT NOT NULL,
            PRIMARY KEY (document_id, generation))""",
        """CREATE TABLE chunks (
            id TEXT PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents (id), kb TEXT NOT NULL,
            generation INTEGER NOT NULL, ordinal INTEGER NOT NULL, start_at INTEGER NOT NULL, end_at INTEGER NOT NULL,
            line INTEGER NOT NULL, page INTEGER, section TEXT NOT NULL, role TEXT NOT NULL, parts TEXT NOT NULL,
            codes TEXT NOT NULL, defines TEXT NOT NULL, text_hash TEXT NOT NULL, text TEXT NOT NULL,
            indexed TEXT NOT NULL)""",
        "CREATE INDEX chunks_of_document ON chunks (document_id, text_hash)",
        "CREATE INDEX chunks_with_text ON chunks (text_hash)",
        """CREATE TABLE chunk_codes (
            kb TEXT NOT NULL, code TEXT NOT NULL, chunk_id TEXT NOT NULL,
            document_id TEXT NOT NULL REFERENCES documents (id), generation INTEGER NOT NULL,
            ordinal INTEGER NOT NULL, defines INTEGER NOT NULL, PRIMARY KEY (kb, code, chunk_id))""",
        "CREATE INDEX codes_of_document ON chunk_codes (document_id)",
        f"""CREATE TABLE vectors (
            model TEXT NOT NULL, text_hash TEXT NOT NULL, vector {binary} NOT NULL, PRIMARY KEY (text_hash, model))""",
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY, kb TEXT NOT NULL, owner TEXT NOT NULL, status TEXT NOT NULL, held INTEGER NOT NULL,
            question TEXT NOT NULL, conversation_id TEXT, parent_run_id TEXT, created_at DOUBLE PRECISION NOT NULL,
            finished_at DOUBLE PRECISION, error TEXT, schema INTEGER NOT NULL)""",
        "CREATE INDEX runs_by_status ON runs (status, kb)",
        """CREATE TABLE packs (
            run_id TEXT PRIMARY KEY REFERENCES runs (id), kb TEXT NOT NULL, owner TEXT NOT NULL, pack TEXT NOT NULL)""",
        """CREATE TABLE keys (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, kbs TEXT,
            approves INTEGER NOT NULL, created_at DOUBLE PRECISION NOT NULL, revoked_at DOUBLE PRECISION)""",
    )


def step_2(binary: str) -> Sequence[str]:
    """What a document was read from: its file's bytes and the folder, each as a digest."""
    return (
        "ALTER TABLE documents ADD COLUMN seal TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE documents ADD COLUMN root TEXT NOT NULL DEFAULT ''",
    )


def step_3(binary: str) -> Sequence[str]:
    """What was asked and is not in the documents."""
    return (
        """CREATE TABLE gaps (
            run_id TEXT NOT NULL REFERENCES runs (id), kb TEXT NOT NULL, owner TEXT NOT NULL, kind TEXT NOT NULL,
            what TEXT NOT NULL, folded TEXT NOT NULL, asked_at DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (run_id, kind, folded))""",
        "CREATE INDEX gaps_of_kb ON gaps (kb, kind, folded)",
    )


def step_4(binary: str) -> Sequence[str]:
    """Contents of a knowledge base, told apart beyond their version; whose vectors serve, with how they are made."""
    return (
        "ALTER TABLE knowledge_bases ADD COLUMN stamp TEXT NOT NULL DEFAULT ''",
        "CREATE TABLE serving (one INTEGER PRIMARY KEY, model TEXT NOT NULL, settings TEXT NOT NULL)",
    )


def step_5(binary: str) -> Sequence[str]:
    """Who decided what, how far each analyzer is trusted, and which one is active."""
    return (
        """CREATE TABLE audit (
            id TEXT PRIMARY KEY, at DOUBLE PRECISION NOT NULL, who TEXT NOT NULL, kb TEXT NOT NULL, what TEXT NOT NULL,
            details TEXT NOT NULL)""",
        """CREATE TABLE analyzer_standings (
            analyzer TEXT PRIMARY KEY, label TEXT NOT NULL, stage TEXT NOT NULL, told TEXT NOT NULL,
            at DOUBLE PRECISION NOT NULL)""",
        "CREATE TABLE analyzer_choice (place INTEGER PRIMARY KEY, choice TEXT NOT NULL)",
    )


def step_6(binary: str) -> Sequence[str]:
    """What came of each comparison of the analyzers."""
    return (
        """CREATE TABLE benchmark_rounds (
            id TEXT PRIMARY KEY, kb TEXT NOT NULL, owner TEXT NOT NULL, at DOUBLE PRECISION NOT NULL,
            status TEXT NOT NULL, round TEXT NOT NULL)""",
        "CREATE INDEX benchmark_rounds_of_kb ON benchmark_rounds (kb, at)",
    )


def step_7(binary: str) -> Sequence[str]:
    """What people say of answers, which prompt a label points to and who moved it, and experiments."""
    return (
        """CREATE TABLE feedback (
            run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, kb TEXT NOT NULL, owner TEXT NOT NULL,
            given_by TEXT NOT NULL, thumbs TEXT, corrected_cause TEXT NOT NULL, text TEXT NOT NULL,
            closed_case INTEGER NOT NULL, prompt TEXT NOT NULL, analyzer TEXT NOT NULL, trace_id TEXT NOT NULL,
            given_at DOUBLE PRECISION NOT NULL, PRIMARY KEY (run_id, given_by))""",
        "CREATE INDEX feedback_of_kb ON feedback (kb, given_at)",
        """CREATE TABLE prompt_labels (
            name TEXT NOT NULL, label TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (name, label))""",
        """CREATE TABLE prompt_changes (
            id TEXT PRIMARY KEY, action TEXT NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, before TEXT NOT NULL,
            after TEXT NOT NULL, digest TEXT NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL,
            at DOUBLE PRECISION NOT NULL)""",
        "CREATE INDEX prompt_changes_of_name ON prompt_changes (name, at)",
        """CREATE TABLE experiments (
            kb TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, status TEXT NOT NULL, spec TEXT NOT NULL,
            changed_at DOUBLE PRECISION NOT NULL, PRIMARY KEY (kb, name))""",
        """CREATE TABLE exposures (
            kb TEXT NOT NULL, experiment TEXT NOT NULL, unit TEXT NOT NULL, arm TEXT NOT NULL, run_id TEXT NOT NULL,
            owner TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (kb, experiment, unit))""",
        """CREATE TABLE outcomes (
            kb TEXT NOT NULL, experiment TEXT NOT NULL, unit TEXT NOT NULL, metric TEXT NOT NULL, arm TEXT NOT NULL,
            owner TEXT NOT NULL, value DOUBLE PRECISION NOT NULL, at DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (kb, experiment, unit, metric))""",
    )


STEPS: tuple[Callable[[str], Sequence[str]], ...] = (step_1, step_2, step_3, step_4, step_5, step_6, step_7)


def step(connection: Connection, binary: str) -> bool:
    """Take the next step within the caller's transaction -> whether there was one. `binary` names the type of bytes."""
    connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
    (version,) = connection.execute("SELECT COALESCE(MAX(version), 0) FROM schema_version").fetchone()
    if version > len(STEPS):
        raise RecordsUnavailable(
            f"The records have schema {version}; this release knows {len(STEPS)}.",
            hint="Update rail-debug, or point it at another home: an older release must not write a newer database.",
        )
    if version == len(STEPS):
        return False
    for statement in STEPS[version](binary):
        connection.execute(statement)
    connection.execute("INSERT INTO schema_version (version) VALUES (?)", (version + 1,))
    return True
