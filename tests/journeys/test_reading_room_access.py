"""What the reading room keeps in the browser, and what it never says aloud."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from storage.phantom_dicom.identity import identity_draw
from tests.journeys.browser import ReadingRoom, Web
from tests.journeys.test_reading_room import paint_some

Take = Callable[[str], dict[str, Any]]
pytestmark = pytest.mark.journey


STORES = """async () => {
  const found = { url: location.href, title: document.title, local: { ...localStorage }, session: { ...sessionStorage }, stores: {} }
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve) => { const asked = indexedDB.open(name); asked.onsuccess = () => resolve(asked.result) })
    for (const store of database.objectStoreNames) {
      const rows = await new Promise((resolve) => {
        const asked = database.transaction(store).objectStore(store).getAll(); asked.onsuccess = () => resolve(asked.result) })
      const readable = (key, value) => value instanceof ArrayBuffer ? new TextDecoder('latin1').decode(value)
        : ArrayBuffer.isView(value) ? new TextDecoder('latin1').decode(value) : value
      found.stores[`${name}/${store}`] = JSON.stringify(rows, readable)
    }
    database.close()
  }
  found.caches = await caches.keys()
  return found
}"""


def test_nobody_is_named_in_address_title_logs_or_storage(web: Web, reader: ReadingRoom, context: BrowserContext, take: Take) -> None:
    heard: list[str] = []
    reader.page.on("console", lambda line: heard.append(line.text))
    reader.page.on("request", lambda request: heard.append(request.url))
    room = reader.open(take("MR")["id"])
    pseudonym = room.page.locator("h1").first.inner_text()
    context.set_offline(True)
    paint_some(room, 2)
    room.until(lambda state: state["kept"] == state["unsent"] >= 2)
    kept = room.page.evaluate(STORES)
    context.set_offline(False)
    room.saved()
    assert set(kept["local"]) <= {"columna.preferences", "cornerstone3D.renderingCapabilities", "loglevel"}
    assert kept["session"] == {}
    assert kept["caches"] == []
    assert any("sealed" in rows for rows in kept["stores"].values()), "the unsent strokes are there, sealed"
    everything = json.dumps(kept) + "\n".join(heard) + (web.folder / "web.log").read_text()
    assert pseudonym not in everything
    for seed in range(1, 12):
        person = identity_draw(seed)
        names = [person.name, *person.name.split("^"), person.patient_id, person.accession, f"{person.birth_date:%Y%m%d}", person.telephone]
        assert [name for name in names if name in everything] == []
