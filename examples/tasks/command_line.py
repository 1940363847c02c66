"""For the command line: `ostiary users role ada@example.com admin --app examples.tasks.command_line:auth`."""

import os

from examples.tasks.application import open_auth
from examples.tasks.settings import Settings

auth = open_auth(Settings.from_environment(os.environ))
