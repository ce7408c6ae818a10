from hypothesis import settings

# The same inputs in each run, and no clock: a slow machine is no failure. `make fuzz` has new ones.
settings.register_profile("lab", deadline=None, derandomize=True)
settings.load_profile("lab")
