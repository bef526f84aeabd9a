"""Start-up of every process of the double: web, worker, scheduler and management commands."""

from django.apps import AppConfig

from . import ballast


class GlitchTipConfig(AppConfig):
    """Brings the process to the memory footprint of the real one."""

    name = "glitchtip"

    def ready(self):
        with ballast.CpuFloor(ballast.START_SECONDS):
            ballast.hold(ballast.footprint_of_this_process())
