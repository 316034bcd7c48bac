"""What a listener has done by the time it answers, step by step, and how associations come to its processes."""

from __future__ import annotations

import os
import re

from storage.spread import Spread, spread_leave, spread_page
from tests.servers.installation import until
from tests.storage.dicoms import series_of
from tests.storage.hospital import hospital, write


def test_an_image_is_written_synced_renamed_and_committed_before_it_is_acknowledged(column, tmp_path):
    """Kill it between any two letters: only what has no ``a`` yet can be missing."""
    with hospital(tmp_path / "hospital", DJANGO_SETTINGS_MODULE="config.settings") as here:
        here.source(name="PACS", ae_title="PACS")
        here.columna.start("-m", "tests.storage.listener_order", here.port, name="order")
        until(lambda: b"listening" in here.columna.log("order").read_bytes(), what="the listener", seconds=60)
        assert here.send(*write(tmp_path / "files", series_of(4, seed="order"))).returncode == 0
        assert here.stored == 4
        steps = here.columna.log("order").read_bytes().decode().split("listening", 1)[1]
    bytes_durable = "o d* f d* r d+ p" if column == "embedded" else "p"
    each = f"c* {bytes_durable} c+ a".replace(" ", "")
    assert re.fullmatch(f"({each}){{4}}c*", steps), steps


def test_callers_go_to_the_process_that_has_the_fewest():
    page = spread_page(3)
    first, second = Spread(page, 0), Spread(page, 1)  # the third has not begun
    first.say(1, 0)
    second.say(1, 0)
    assert first.is_next()
    assert second.is_next()
    first.say(1, 1)
    assert second.is_next()
    assert not first.is_next()
    second.say(1, 1)
    second.say(2, 1)  # its TLS listener has one as well
    assert first.is_next()
    assert not second.is_next()
    spread_leave(page, 0)
    assert second.is_next()
    os.close(page)


def test_a_caller_that_nobody_takes_is_taken_after_a_moment():
    page = spread_page(2)
    hung, other = Spread(page, 0), Spread(page, 1)
    hung.say(1, 0)
    other.say(1, 3)
    other.stand_back()  # returns
    assert not other.is_next()
    os.close(page)
