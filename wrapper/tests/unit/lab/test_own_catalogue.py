# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own packages: which versions there are, which a host begins with, how their files are called."""

import pytest

from patchops_lab.distributions import pacman_apps, rpm_apps
from patchops_lab.distributions.own_catalogue import Catalogue

both = pytest.mark.parametrize(
    "catalogue", [rpm_apps.CATALOGUE, pacman_apps.CATALOGUE], ids=("rpm", "pacman")
)


@both
def test_a_repository_that_moved_on_has_the_newest_version_of_each_and_no_other(catalogue: Catalogue) -> None:
    old, new, _newest = catalogue.versions
    found = {package.app: package.version for package in catalogue.offered(old_gone=True)}
    assert (found["goodapp"], found["oldname"]) == (new, old)
    assert found[catalogue.kernel] == catalogue.kernel_versions[1]
    assert len(found) == len(catalogue.offered(old_gone=True)) == len(catalogue.apps)


@both
def test_other_repositories_have_the_superseded_versions_as_well(catalogue: Catalogue) -> None:
    offered = catalogue.offered(old_gone=False)
    assert [one.version for one in offered if one.app == "goodapp"] == list(catalogue.versions[:2])
    assert [one.version for one in offered if one.app == catalogue.kernel] == list(catalogue.kernel_versions)


@both
def test_a_host_begins_with_the_old_versions_of_its_apps_and_their_companions(catalogue: Catalogue) -> None:
    found = catalogue.installed(("pusher",), kernel=True)
    assert {package.app for package in found} == {"pusher", "pushed", catalogue.kernel}
    assert not [package for package in found if package.updated]


@both
def test_a_host_without_apps_and_kernel_begins_with_nothing(catalogue: Catalogue) -> None:
    assert catalogue.installed((), kernel=False) == []


@both
def test_a_third_version_appears_only_of_packages_that_have_an_old_and_a_new_one(
    catalogue: Catalogue,
) -> None:
    _old, new, newest = catalogue.versions
    assert catalogue.newer(catalogue.package("goodapp", new)) == catalogue.package("goodapp", newest)
    assert catalogue.newer(catalogue.package("newcomer", new)) is None
    assert catalogue.newer(catalogue.package(catalogue.kernel, catalogue.kernel_versions[1])) is None
    assert catalogue.package("goodapp", newest) in catalogue.every()


def test_packages_are_named_as_their_package_manager_names_them() -> None:
    assert rpm_apps.CATALOGUE.package("goodapp", rpm_apps.NEW).file == "lab-goodapp-1.1-1.el9.noarch.rpm"
    assert pacman_apps.CATALOGUE.package("goodapp", pacman_apps.NEW).file == (
        "lab-goodapp-1.1-1-any.pkg.tar.xz"
    )
    assert rpm_apps.CATALOGUE.name_of("kernel-core") == "kernel-core"
