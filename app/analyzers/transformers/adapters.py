"""Adapters on one base: each row of a batch goes through its own, or through none.

They are never merged: a 4-bit base repacks its weights at its first answer, and what is merged then is garbage.
"""

from pathlib import Path
from typing import Any

from app.core.errors import AnalyzerUnavailable, MissingExtra

NONE = "__base__"  # peft's word for a row without one


class Adapters:
    def __init__(self, base: Any) -> None:
        self.model = base
        self._uses: dict[str, int] = {}

    def put(self, path: Path) -> str:
        """-> the name that rows ask for it by. Raises `MissingExtra`, `AnalyzerUnavailable`."""
        name = str(path.resolve()).replace(".", "_")  # torch takes a dot for a step into a module
        if not self._uses.get(name):
            self._load(path, name)
        self._uses[name] = self._uses.get(name, 0) + 1
        return name

    def take(self, name: str) -> None:
        self._uses[name] -= 1
        if self._uses[name]:
            return
        del self._uses[name]
        if self._uses:
            self.model.delete_adapter(name)
        else:
            self.model = self.model.unload()

    def names(self, rows: list[str]) -> list[str]:
        """As the model's forward takes them: nothing at all while there is no adapter."""
        return [name or NONE for name in rows] if self._uses else []

    def _load(self, path: Path, name: str) -> None:
        try:
            from peft import PeftModel
        except ImportError as error:
            raise MissingExtra("peft", "transformers") from error
        if not (path / "adapter_config.json").is_file():
            raise AnalyzerUnavailable(f"{path} holds no adapter.", hint="Name the folder that PEFT saved.")
        try:
            if self._uses:
                self.model.load_adapter(path, name, local_files_only=True)
            else:
                self.model = PeftModel.from_pretrained(self.model, path, name, local_files_only=True)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise AnalyzerUnavailable(f"{path} does not fit this base: {error}") from error
        self.model.eval()
