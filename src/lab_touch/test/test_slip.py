import pytest
from synthetic import Pad

from lab_touch.slip import SlipDetector, SlipKind


def grow(detector, pad, shares, force=8.0, friction=0.5, **how):
    return [detector.update(pad.held(force, share, friction, **how)) for share in shares]


@pytest.mark.parametrize("turning", [False, True])
def test_what_sticks_does_not_slip(turning):
    pad = Pad(1)
    detector = SlipDetector(pad.rest())
    slips = grow(detector, pad, [0.4] * 300, turning=turning)
    assert all(slip.kind is SlipKind.NONE for slip in slips)


def test_first_the_rim_slips_and_then_all_of_it():
    pad = Pad(2)
    detector = SlipDetector(pad.rest())
    slips = grow(detector, pad, [step / 200.0 for step in range(201)])
    kinds = [slip.kind for slip in slips]
    incipient, gross = kinds.index(SlipKind.INCIPIENT), kinds.index(SlipKind.GROSS)
    assert 90 < incipient < 170 and 180 < gross < 201
    assert slips[-1].kind is SlipKind.GROSS and slips[-1].confidence > 0.5
    assert all(not slip.turning for slip in slips[50:])


def test_the_friction_is_known_before_the_part_slips():
    for seed, friction in enumerate((0.2, 0.45, 0.9)):
        pad = Pad(seed)
        detector = SlipDetector(pad.rest())
        slips = grow(detector, pad, [min(step / 60.0, 0.75) for step in range(120)], friction=friction)
        assert all(slip.kind is not SlipKind.GROSS for slip in slips)
        known = slips[-1].friction
        assert known is not None and known.confidence > 0.8
        assert known.coefficient == pytest.approx(friction, rel=0.12)
        assert slips[-1].used == pytest.approx(0.75, abs=0.08)


def test_a_part_that_turns_is_said_to_turn():
    pad = Pad(4)
    detector = SlipDetector(pad.rest())
    slips = grow(detector, pad, [step / 100.0 for step in range(100)] + [1.0] * 5, turning=True)
    assert slips[-1].kind is SlipKind.GROSS and slips[-1].turning
    assert all(slip.kind is not SlipKind.GROSS for slip in slips[:90])


def test_a_sudden_load_over_the_limit_is_told_within_three_samples():
    pad = Pad(5)
    detector = SlipDetector(pad.rest())
    grow(detector, pad, [0.2] * 30)
    assert [slip.kind for slip in grow(detector, pad, [1.0] * 3)][-1] is SlipKind.GROSS


def test_a_contact_that_ended_is_forgotten():
    pad = Pad(6)
    detector = SlipDetector(pad.rest())
    assert grow(detector, pad, [0.75] * 40)[-1].friction is not None
    for _ in range(5):
        last = detector.update(pad.sample())
    assert not last.contact.touching and last.friction is None
    assert grow(detector, pad, [0.2] * 3)[-1].friction is None


def test_without_shear_the_way_of_the_centre_tells():
    pad = Pad(7, shear=False)
    detector = SlipDetector(pad.rest())
    still = [detector.update(pad.held(8.0, 0.0, 0.5)) for _ in range(200)]
    assert all(slip.kind is SlipKind.NONE and slip.confidence <= 0.5 for slip in still)
    ways = [
        detector.update(pad.held(8.0, 0.0, 0.5, centre=(0.0, 0.0002 * step), radius=0.008))
        for step in range(20)
    ]
    assert ways[-1].kind is SlipKind.GROSS and ways[-1].friction is None


def test_weak_contacts_of_noisy_pads_say_nothing_rather_than_something_wrong():
    pad = Pad(8, noise=0.02)
    detector = SlipDetector(pad.rest())
    slips = grow(detector, pad, [0.3] * 200, force=2.0)
    assert all(slip.kind is not SlipKind.GROSS for slip in slips)
