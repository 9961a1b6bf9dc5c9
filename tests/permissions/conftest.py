"""One server where one has to log in, for all tests of this folder."""

from tests.identity.conftest import guarded, new_person  # noqa: F401 - fixtures
