"""The error that its reader can mend: what was given, what was expected, what to do next."""


class NpgptError(ValueError):
    """Wrong input, files or settings. The command line prints it as one line and exits with 2."""


class PluginError(NpgptError):
    """A part that is unknown, ambiguous, failed to load or misses its protocol."""


class NpgptWarning(UserWarning):
    """What its reader should know and need not mend. The command line prints it as one line."""
