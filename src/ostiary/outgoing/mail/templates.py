"""Templates: a mail becomes a subject, a text and an HTML part in somebody's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ostiary.domain.mail import Mail

if TYPE_CHECKING:
    from jinja2 import Environment

OWN: Final = Path(__file__).parent / "templates"
_MOST_LANGUAGES: Final = 10


@dataclass(frozen=True, slots=True)
class Written:
    """What a mail says."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Templates:
    """The application's templates before our own, one folder for each locale.

    `reset-password.txt` begins with the subject, on a line of its own; `reset-password.html` is escaped.
    """

    folder: Path | None = None
    default: str = "en"

    @cached_property
    def locales(self) -> Sequence[str]:
        """The locales that there are templates for."""
        folders = [OWN] if self.folder is None else [self.folder, OWN]
        return sorted({entry.name for folder in folders for entry in folder.iterdir() if entry.is_dir()})

    def chosen(self, languages: str | None) -> str:
        """Return the locale that an `Accept-Language` header asks for first (RFC 9110 section 12.5.4)."""
        known = {locale.lower(): locale for locale in self.locales}
        for wanted in _in_order(languages or ""):
            for candidate in (wanted, wanted.partition("-")[0]):
                if candidate in known:
                    return known[candidate]
        return self.default

    def write(self, mail: Mail, locale: str, **others: Any) -> Written:  # Any: whatever templates show
        """Render a mail; raises what Jinja raises for a template that is broken."""
        values = {"mail": mail, "locale": locale, **others}
        head, _, text = self._rendered(mail, locale, "txt", values).strip().partition("\n")
        subject = head.removeprefix("Subject:").strip()
        html = self._rendered(mail, locale, "html", {**values, "subject": subject})
        return Written(subject, f"{text.strip()}\n", html)

    def phrases(self, locale: str) -> Mapping[str, str]:
        """Return what the pages of mailed links say, by name: the lines `name: text` of `pages.txt`.

        The application's come before our own; what a locale lacks is said in the default one.
        """
        tongues = dict.fromkeys(("en", self.default, locale.partition("-")[0], locale))
        found: dict[str, str] = {}
        for tongue in tongues:
            for folder in [OWN] if self.folder is None else [OWN, self.folder]:
                found.update(_phrases_in(folder / tongue / "pages.txt"))
        return found

    def _rendered(self, mail: Mail, locale: str, suffix: str, values: dict[str, Any]) -> str:
        tongues = dict.fromkeys((locale, locale.partition("-")[0], self.default, "en"))
        names = [f"{tongue}/{mail.kind}.{suffix}" for tongue in tongues]
        return self._environment.select_template(names).render(values)

    @cached_property
    def _environment(self) -> "Environment":
        from jinja2 import (  # noqa: PLC0415  most processes write no mail
            Environment,
            FileSystemLoader,
            StrictUndefined,
            select_autoescape,
        )

        folders = [OWN] if self.folder is None else [self.folder, OWN]
        return Environment(
            loader=FileSystemLoader(folders),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )


@lru_cache
def _phrases_in(path: Path) -> Mapping[str, str]:
    if not path.is_file():
        return {}
    lines = (line.partition(":") for line in path.read_text("utf-8").splitlines() if ":" in line)
    return {name.strip(): text.strip() for name, _, text in lines}


def _in_order(languages: str) -> Sequence[str]:
    """Return the tags of an `Accept-Language` header, the most wanted first."""
    found: list[tuple[float, str]] = []
    for part in languages.split(",")[:_MOST_LANGUAGES]:
        tag, _, parameter = part.strip().lower().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            found.append((weight, tag.strip()))
    return [tag for _, tag in sorted(found, key=lambda each: -each[0])]
