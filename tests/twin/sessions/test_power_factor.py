"""What the charge point tells of power factors, phase by phase."""

from evc5.models.meter import Metered
from evc5.twin.sessions.metering import QUANTITIES, flat


def test_a_phase_without_current_tells_a_power_factor_of_one() -> None:
    """As a kWh meter shows it (pf is unity while no current flows); the others tell their own."""
    metered = Metered(
        i_a=(16.0, 0.0, 1.0),
        u_v=(230.0, 230.0, 230.0),
        phase_w=(3496.0, 0.0, 218.5),
        p_w=3714.5,
        pf=0.95,
        register_wh=1000.0,
        register_phase_wh=(900.0, 0.0, 100.0),
        soc=None,
        temp_c=20.0,
        frequency_hz=50.0,
    )
    first = QUANTITIES["Power.Factor"].phases
    assert first is not None
    assert flat(metered, (16.0, 16.0, 16.0))[first : first + 3] == (0.95, 1.0, 0.95)
