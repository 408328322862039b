"""A model is brought: from a file, from an address, from the hub, or by its name in the catalogue."""

import hashlib
import shutil
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app.analyzers.store.catalogue import Known, catalogue, usual
from app.analyzers.store.download import Tell, download
from app.analyzers.store.shelf import Held, Shelf, named, sha256
from app.core.errors import DownloadFailed, Forbidden, InvalidInput, MissingExtra, ModelDamaged

HUB = "hub:"
HUB_URL = "https://huggingface.co"
PARTS_OF_A_MODEL = ["*.safetensors", "*.json", "*.model", "*.jinja", "*.txt", "LICENSE*"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """`source`: a path, an http address, `hub:owner/repo[/file][@revision]`, or a name of the catalogue."""

    source: str = ""
    name: str = ""
    version: str = ""
    sha256: str = ""
    licence: str = ""
    accepted: bool = False  # the licence of a model that is not free


@dataclass(frozen=True, slots=True)
class Way:
    """How it may come."""

    online: bool
    tell: Tell
    hub: str


def pull(shelf: Shelf, wanted: Wanted, *, online: bool, tell: Tell, hub: str = HUB_URL) -> Held:
    """Raises `Forbidden` for what lies elsewhere while the service is offline, and for a licence that nobody accepted;

    `ModelDamaged` for another checksum, `DownloadFailed`, `InvalidInput`, `Conflict`.
    """
    known = usual() if not wanted.source else catalogue().get(wanted.source)
    source = f"{HUB}{known.repo}" if known else wanted.source
    licence = wanted.licence or (known.licence if known else "not stated")
    if known and not known.free and not wanted.accepted:
        raise Forbidden(
            f"{known.title} is under the {known.licence}: {known.terms}",
            hint="Read it, and give --accept-licence when you accept it.",
        )
    name = named(wanted.name or (known.name if known else _name(source)))
    key = hashlib.sha256(f"{name}\0{wanted.version}\0{source}".encode()).hexdigest()[:16]
    staged = shelf.incoming / key
    staged.mkdir(parents=True, exist_ok=True)
    try:
        version = _bring(source, staged, wanted, Way(online, tell, hub))
    except (ModelDamaged, Forbidden, InvalidInput):
        shutil.rmtree(staged)
        raise
    about = Held(name, wanted.version or version, source, licence, (), "", known.commercial if known else "not stated")
    return shelf.adopt(staged, about)


def _bring(source: str, staged: Path, wanted: Wanted, way: Way) -> str:
    """-> the version, where the source tells one."""
    if source.startswith(HUB):
        _must_be_allowed(way.hub, way.online)
        return _from_hub(source.removeprefix(HUB), staged, wanted, way)
    if urlsplit(source).scheme in ("http", "https"):
        _must_be_allowed(source, way.online)
        download(source, staged / _file_name(source), checksum=wanted.sha256, tell=way.tell)
        return ""
    _from_files(Path(source), staged, wanted)
    return ""


def _from_hub(place: str, staged: Path, wanted: Wanted, way: Way) -> str:
    path, _, revision = place.partition("@")
    owner, _, rest = path.partition("/")
    repo, _, file = rest.partition("/")
    if not (owner and repo):
        raise InvalidInput(
            f"{place!r} is no place on the hub.", hint="Write hub:owner/repo or hub:owner/repo/file.gguf."
        )
    revision = revision or "main"
    if file:
        url = f"{way.hub}/{owner}/{repo}/resolve/{revision}/{file}"
        download(url, staged / Path(file).name, checksum=wanted.sha256, tell=way.tell)
        return "" if revision == "main" else revision
    return _snapshot(f"{owner}/{repo}", revision, staged, way.hub)


def _snapshot(repo: str, revision: str, staged: Path, hub: str) -> str:
    try:
        from huggingface_hub import HfApi, snapshot_download
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError as error:
        raise MissingExtra("The hub's client", "transformers") from error
    try:
        commit = str(HfApi(endpoint=hub).model_info(repo, revision=revision).sha)
        snapshot_download(repo, revision=commit, local_dir=staged, allow_patterns=PARTS_OF_A_MODEL, endpoint=hub)
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise DownloadFailed(f"{repo} could not be fetched: {error}.") from error
    shutil.rmtree(staged / ".cache", ignore_errors=True)
    return commit[:12]


def _from_files(source: Path, staged: Path, wanted: Wanted) -> None:
    """Copied, so that a model stays when the file it came from goes."""
    if source.is_file():
        shutil.copyfile(source, staged / source.name)
        found = sha256(staged / source.name)
        if wanted.sha256 and found != wanted.sha256.lower():
            raise ModelDamaged(f"{source} has the checksum {found}, and {wanted.sha256} was expected.")
    elif source.is_dir():
        shutil.copytree(source, staged, dirs_exist_ok=True, symlinks=False)
    else:
        names = ", ".join(catalogue())
        raise InvalidInput(f"{str(source)!r} is no file, no address and no name.", hint=f"Names are: {names}.")


def _must_be_allowed(url: str, online: bool) -> None:
    host = urlsplit(url).hostname or ""
    if not online and not _loopback(host):
        raise Forbidden(
            f"{host} is not on this machine, and the service is offline.",
            hint="Set RAIL_DEBUG_ONLINE=true for this command, or bring the model as a file or a bundle.",
        )


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _file_name(url: str) -> str:
    return named(unquote(urlsplit(url).path).rpartition("/")[2] or "model")


def _name(source: str) -> str:
    """`…/Tiny.Q4_K_M.gguf` -> `Tiny.Q4_K_M`."""
    last = source.partition("@")[0].rstrip("/").rpartition("/")[2] if source.startswith(HUB) else ""
    return Path(last or unquote(urlsplit(source).path).rstrip("/")).name.removesuffix(".gguf")


def terms(known: Known) -> str:
    return f"{known.licence}{f', {known.terms}' if known.terms else ''}; commercial use: {known.commercial}"
