"""How a task reacts, as written in YAML."""

import pytest
from table_of_boxes import POLICY, POLICY_FILE

from lab_core.errors import ConfigurationError
from lab_core.outcomes import OutcomeCode
from lab_tasks.policy import Reaction, load_policy


def test_the_shipped_policy_reads():
    assert POLICY.reaction(OutcomeCode.OBJECT_TOO_WIDE) is Reaction.LEAVE
    assert POLICY.reaction(OutcomeCode.GRASP_EMPTY) is Reaction.RETRY


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("home: home", "home: 3", "home: expected a name, found 3"),
        (
            "settle_time: 0.15",
            "settle_time: soon",
            "settle_time: expected seconds, not negative, found 'soon'",
        ),
        (
            "attempts_per_object: 3",
            "attempts_per_object: 0",
            "expected a whole number of at least 1, found 0",
        ),
        ("home: home", "hoem: home", "unknown key 'hoem'"),
        ("home: home", "", "key 'home' is missing"),
        ("CAMERA_SILENT: wait", "CAMERA_SILNT: wait", "there is no outcome 'CAMERA_SILNT'"),
        ("CAMERA_SILENT: wait", "CAMERA_SILENT: panic", "expected retry, leave, wait or stop, found 'panic'"),
        ("home: home", "home: [", "not valid YAML"),
    ],
)
def test_a_malformed_policy_names_file_key_and_fix(tmp_path, old, new, sentence):
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY_FILE.read_text().replace(old, new, 1))
    with pytest.raises(ConfigurationError, match="policy") as refusal:
        load_policy(path)
    assert sentence in str(refusal.value)


def test_a_missing_policy_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_policy(tmp_path / "none.yaml")
