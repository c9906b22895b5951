"""The audit on data files of settlements by a model that was asked about misreports; tables are in the e2e suite."""

from dataclasses import replace
from pathlib import Path

import pytest

from oracle.cli import reports_audit
from oracle.domain.errors import BadInput
from oracle.domain.sampler import Sampler
from oracle.mechanism import over_determination, reports_data
from oracle.rounds import reports_run
from tests.support.fake_reader import HASHES, SPEC, FakeReader, counting


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Twenty resolved rounds and one that is open, each with a misreport of alice."""
    spec = replace(SPEC, misreports={"alice": "foul"})
    for number in range(20):
        data, _, _ = reports_run.run(replace(spec, seed=bytes([number]) * 32), FakeReader(counting), HASHES, Sampler())
        (tmp_path / f"{number:02d}.json").write_bytes(reports_data.dumps(data))
        if number == 0:
            open_ = replace(data, spec=replace(data.spec, outcome=None))
            (tmp_path / "open.json").write_bytes(reports_data.dumps(open_))
    return tmp_path


def test_read_rounds__data_files__what_a_misreport_did_in_each(files: Path) -> None:
    rounds, still_open = reports_audit.read_rounds([files])
    assert len(rounds) == 20 and still_open == 1
    found = over_determination.audit(rounds)
    # clean, clean, foul: 0.6; with alice's misreport clean, foul, foul: 0.4
    assert float(found.misreport.mean) == pytest.approx(0.6**2 - 0.4**2) and found.over_determined
    told = reports_audit.document(found, still_open)
    assert told["rounds"] == 20 and told["open_rounds"] == 1 and list(told["reporters"]) == ["alice"]


def test_read_rounds__a_folder_without_rounds__is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no round"):
        reports_audit.read_rounds([tmp_path])


def test_read_rounds__a_tampered_file__is_refused_with_its_place(files: Path) -> None:
    path = files / "03.json"
    path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":9', 1))
    with pytest.raises(BadInput, match=r"03\.json"):
        reports_audit.read_rounds([files])
