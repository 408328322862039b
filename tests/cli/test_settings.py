"""Settings that cannot be used are told in one line that names them, whatever is wrong."""

from pathlib import Path

import pytest

from app.cli import exits
from tests.cli.conftest import Shell

UTF16 = "kb: main".encode("utf-16")


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("rail-debug.yaml", b"service: [", "rail-debug.yaml"),
        ("rail-debug.yaml", b"- service\n", "rail-debug.yaml"),
        ("rail-debug.yaml", UTF16[:5], "rail-debug.yaml"),
        ("rail-debug.yaml", b"service: {port: eighty}", "service.port"),
        ("rail-debug.yaml", b"service: {prot: 80}", "service.prot"),
        ("rail-debug.yaml", b"kb: Main Base", "'Main Base' is no name"),
        (".env", b"RAIL_DEBUG_KB=\xff\xfe", ".env"),
        (".env", b"RAIL_DEBUG_ANALYZERS={half", "analyzers"),
        (".env", b"RAIL_DEBUG_SERVICE__PORT=0", "service.port"),
        (".env", b'RAIL_DEBUG_ANALYZERS={"big": {"kind": "gguf"}}', "analyzers.big.kind"),
        (".env", b'RAIL_DEBUG_ANALYZERS={"big": {"kind": "openai"}}', "analyzers.big.model"),
        (".env", b"RAIL_DEBUG_ANALYZER=big", "There is no analyzer 'big' (.env, line 1)."),
        (".env", b"RAIL_DEBUG_RETRIEVAL__STORE=attic", "retrieval.store: 'attic'"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_begun(
    bare: Shell, tmp_path: Path, file: str, content: bytes, told: str
) -> None:
    (tmp_path / file).write_bytes(content)
    result = bare("ask", "E73-B")
    assert (result.exit_code, result.stdout) == (exits.WRONG_INPUT, "")
    assert told in result.stderr
    assert isinstance(result.exception, SystemExit)


def test_an_embedder_that_there_is_not_is_named(bare: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAIL_DEBUG_RETRIEVAL__EMBEDDER", "word2vec")
    result = bare("search", "E73-B")
    assert result.exit_code == exits.WRONG_INPUT
    assert "'word2vec'" in result.stderr
    assert "minilm" in result.stderr


def test_a_settings_file_that_cannot_be_read_is_told(bare: Shell, tmp_path: Path) -> None:
    (tmp_path / "rail-debug.yaml").symlink_to("/proc/self/mem")
    if not Path("/proc/self/mem").exists():
        pytest.skip("no file here that even root cannot read")
    assert bare("ask", "E73-B").exit_code == exits.WRONG_INPUT


def test_a_home_that_is_a_file_is_told(bare: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = bare("ask", "E73-B", "--home", "file")
    assert result.exit_code == exits.FAILED
    assert result.stderr.startswith("rail-debug: file: ")


def test_a_flag_wins_over_the_environment_and_that_over_the_file(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rail-debug.yaml").write_text("kb: yaml")
    monkeypatch.setenv("RAIL_DEBUG_KB", "environment")
    assert "'environment'" in shell("doctor").stdout
    assert "'main'" in shell("doctor", "--kb", "main").stdout
