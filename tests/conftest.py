"""What holds for every tier."""

from hypothesis import HealthCheck, settings

# A loaded machine draws slowly, and a test that fails for that says nothing of the program.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")
