"""Sealing keys change under a working Columna: what was sealed opens before, between and after, however often the change is killed."""

import stat
import time

import numpy as np
import pytest
from django.conf import settings

from config.errors import Conflict
from storage.keys import KeyProblem, keys_readable_by_others, seal_key_ids, seal_rotate
from storage.models import Blob, IdentityRequest, QuarantineItem, Subject
from storage.object_store import store
from storage.services.identity import identity_ask, identity_decide, identity_open
from storage.services.import_batch import batch_open
from storage.services.intake import instance_intake
from storage.services.key_rotation import key_retire, keys_reseal, keys_usage
from storage.services.quarantine import item_bytes
from storage.services.source import source_for
from tests.columns import session_folder
from tests.factories import make_member, make_project
from tests.servers.installation import Installation
from tests.storage.dicoms import series_of, slice_of, to_bytes

SEEDED = """
from accounts.models import Organisation, Project
from storage.services.import_batch import batch_open
from storage.services.intake import instance_intake
from storage.services.source import source_for
from tests.storage.dicoms import slice_of, to_bytes
project = Project.objects.create(name="P", slug="p", organisation=Organisation.objects.create(name="O"))
source = source_for(project=project, kind="upload")
batch = batch_open(project=project, source=source)
for number in range(60):
    kind = "1.2.3.4.5" if number % 2 else "1.2.840.10008.5.1.4.1.1.2"
    instance_intake(source=source, data=to_bytes(slice_of(study=f"1.2.3.{number}", series=f"1.2.4.{number}", patient=f"P-{number}00", sop_class=kind)), batch=batch)
"""
OPENED = """
import json
from storage.keys import unseal
from storage.models import IdentityVault, QuarantineItem
from storage.services.quarantine import item_bytes
names = [json.loads(unseal(bytes(row.sealed), f"vault-{row.kind}", row.key_id)) for row in IdentityVault.objects.all()]
print("opened", len(names), sum(b"DICM" in item_bytes(item=item) for item in QuarantineItem.objects.all()))
"""


@pytest.fixture
def sealed(db):
    project = make_project()
    source = source_for(project=project, kind="upload")
    batch = batch_open(project=project, source=source)
    instance_intake(source=source, data=series_of(1)[0], batch=batch)
    unknown = to_bytes(slice_of(study="1.2.3", series="1.2.4", sop_class="1.2.3.4.5", pixels=np.ones((8, 8), np.int16)))
    instance_intake(source=source, data=unknown, batch=batch)
    return project, unknown


def test_everything_opens_under_the_new_key_and_the_old_one_can_go(sealed):
    project, unknown = sealed
    old = seal_key_ids()[-1]
    held = QuarantineItem.objects.get()
    before = held.blob_id
    new = seal_rotate()
    with pytest.raises(Conflict, match="Still sealed"):
        key_retire(key=old)
    assert sorted(keys_reseal()) == ["quarantine", "vault", "vault"]
    assert list(keys_reseal()) == []
    held.refresh_from_db()
    assert (held.key_id, item_bytes(item=held)) == (new, unknown)
    assert not store().exists(before)
    assert not Blob.objects.filter(digest=before).exists()
    assert keys_usage()[old] == {"vault": 0, "commitments": 0, "credentials": 0, "worklists": 0, "quarantine": 0}
    key_retire(key=old)
    assert old not in seal_key_ids()
    one, two = (make_member("data_manager", project) for _ in range(2))
    request = identity_ask(subject=Subject.objects.get(), user=one, reason="incidental finding, call the patient")
    identity_decide(request=IdentityRequest.objects.get(pk=request.pk), user=two, approve=True)
    assert "Kesselring^Adelheid" in str(identity_open(request=request, user=one))


def test_the_newest_key_is_not_retired(sealed):
    with pytest.raises(Conflict, match="newest"):
        key_retire(key=seal_key_ids()[-1])


def test_what_is_sealed_under_a_missing_key_says_so(sealed):
    item = QuarantineItem.objects.get()
    item.key_id = "4711"
    with pytest.raises(KeyProblem, match="not in the key folder"):
        item_bytes(item=item)


def test_keys_are_readable_by_their_owner_only(sealed):
    folder = settings.ENVIRONMENT.keys
    assert keys_readable_by_others() == []
    path = next(folder.glob("seal.*.key"))
    path.chmod(0o644)
    try:
        assert keys_readable_by_others() == [path.name]
    finally:
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)


@pytest.mark.once
def test_a_rotation_killed_at_any_moment_loses_nothing():
    installation = Installation(session_folder("keys"))
    installation.migrate()
    installation.manage("shell", "-c", SEEDED)
    try:
        for _ in range(2):
            process = installation.start("manage.py", "keys", "rotate", name="keys")
            deadline = time.monotonic() + 30
            while (
                process.poll() is None and "seals from now on" not in installation.log("keys").read_text() and time.monotonic() < deadline
            ):
                time.sleep(0.01)
            installation.kill(process)
        assert "opened 60 30" in installation.manage("shell", "-c", OPENED)
        installation.manage("keys", "reseal")
        said = installation.manage("keys", "status")
        newest = max(int(line.split()[2].rstrip(":")) for line in said.splitlines() if line.startswith("sealing key"))
        assert f"sealing key {newest}: 60 vault, 30 quarantine" in said
        installation.manage("keys", "retire", "1")
        assert "opened 60 30" in installation.manage("shell", "-c", OPENED)
    finally:
        installation.stop()
