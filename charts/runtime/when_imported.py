"""Changes a module at the moment when a process imports it; who never imports it pays nothing."""

import sys
from importlib.machinery import PathFinder


class WhenImported:
    """A finder that steps aside after the one module that it waits for."""

    def __init__(self, name, change):
        self.name = name
        self.change = change

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_change(module):
            execute(module)
            self.change(module)

        spec.loader.exec_module = execute_and_change
        return spec


def when_imported(name, change):
    """`change` is called with the module `name`, once it is loaded."""
    sys.meta_path.insert(0, WhenImported(name, change))
