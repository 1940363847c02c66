"""Writes the software bill of materials of what the server runs with, as CycloneDX JSON.

`python -m requirements.sbom FILE`, in an environment that was installed from the lock: licences and
dependencies are read from there, the rest from the lock. Its date is SOURCE_DATE_EPOCH, so that the same
commit gives the same bytes.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import Distribution, distribution
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from requirements.pins import RUN, read


def licences(package: Distribution) -> Iterator[License]:
    """Yield what a package declares: an SPDX expression or a name, else what it is classified as."""
    fields = package.metadata.get_all
    stated = [each for each in fields("License-Expression", []) + fields("License", []) if "\n" not in each]
    classified = [
        each.rpartition(" :: ")[2] for each in fields("Classifier", []) if each.startswith("License ::")
    ]
    yield from map(LicenseFactory().make_from_string, stated[:1] or classified)


def required(package: Distribution, extras: Iterable[str] = ()) -> Iterator[str]:
    """Yield the names a package asks for on this platform, for the extras as well."""
    for line in package.requires or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield canonicalize_name(requirement.name)


def component(
    name: str, version: str, sha256: Iterable[str] = (), kind: ComponentType = ComponentType.LIBRARY
) -> Component:
    """Return a package of the bill."""
    purl = PackageURL("pypi", name=name, version=version)
    return Component(
        name=name,
        version=version,
        type=kind,
        purl=purl,
        bom_ref=str(purl),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in sha256],
        licenses=licences(distribution(name)),
    )


def bill(lock: Path, made: datetime) -> Bom:
    """Return the bill of what the lock pins. Raises `PackageNotFoundError` for what is not installed."""
    ostiary = distribution("ostiary")
    server = component("ostiary", ostiary.version, kind=ComponentType.APPLICATION)
    parts = {pin.name: component(pin.name, pin.version, pin.sha256) for pin in read(lock)}
    bom = Bom(
        metadata=BomMetaData(component=server, timestamp=made),
        components=parts.values(),
        serial_number=uuid5(NAMESPACE_URL, f"{server.purl}\n{lock.read_text()}"),
    )
    needed = {server: required(ostiary, ostiary.metadata.get_all("Provides-Extra", []))}
    needed |= {part: required(distribution(part.name)) for part in parts.values()}
    for part, names in needed.items():
        bom.register_dependency(part, [parts[name] for name in names if name in parts])
    return bom


def main(path: Path) -> None:
    """Write the bill to the path."""
    made = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(JsonV1Dot6(bill(RUN, made)).output_as_string(indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
