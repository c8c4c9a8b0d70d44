"""Models of image and language: what is wrong with one is a finding."""

from lab_doctor.model_checks import check_models


def test_a_folder_without_a_model_is_a_finding(tmp_path):
    (finding,) = check_models([tmp_path])
    assert finding.check == "model" and "has no model.json" in finding.what


def test_nothing_is_found_where_nothing_is_asked():
    assert list(check_models([])) == []
