"""Lets the worker inside web (6.2 as one process) end what it has taken before the process ends.

With django-vtasks 3.2 the signal that ends the process stops its worker, which waits for its tasks; then the server asks it
to stop, too, and by then it counts as stopped, so that this call returns at once and the server ends in the middle of a
batch. The tasks stay PROCESSING in the queue's table under a name that no other pod has, and nobody takes them again: each
rollout would be an alert about lost events.
"""

from when_imported import when_imported


def wait_for_the_first(module):
    stop = module.Worker.stop

    async def stop_and_wait(self):
        await stop(self)
        # Set at the end of Worker.run, however that ends; there is none before it began.
        if self._stopped is not None:
            await self._stopped.wait()

    module.Worker.stop = stop_and_wait


when_imported("django_vtasks.worker", wait_for_the_first)
