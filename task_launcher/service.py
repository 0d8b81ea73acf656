"""The launcher's parts, put together."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from labrelay.capability import load_key
from labrelay.contracts.jobs import Job
from labrelay.errors import LabrelayError
from labrelay.http.client import Client
from labrelay.loops import OwnerLoop
from labrelay.retention import Clearing, Retention
from labrelay.settings import Settings
from task_launcher.acts import Acts
from task_launcher.attempts import layout_of
from task_launcher.callbacks import Callbacks
from task_launcher.carriers import carriers
from task_launcher.claims import Claims
from task_launcher.deadlines import Deadlines
from task_launcher.jobs import Jobs
from task_launcher.launching import Window
from task_launcher.mqtt import Broker
from task_launcher.plate_news import PlateNews
from task_launcher.registry import Registry
from task_launcher.results import Results
from task_launcher.sealing import Sealing
from task_launcher.sweeping import Sweep
from task_launcher.switches import Switches
from task_launcher.tasks import Tasks
from task_launcher.watch import Watch

PAUSE_S = 0.05
"""Changes within this time are looked at together."""
SEALING_S = 1.0
SEALED_AT_ONCE = 4
SWEEP_S = 60.0
REDIS_S = 3.0
STOP_S = 0.2
"""A turn is waited for so long; the watch may sit in a long poll."""


def live_store(url: str) -> redis.Redis:
    """A client of Redis that answers or fails at once: the loops come again by themselves."""
    once = Retry(NoBackoff(), 1)
    return redis.Redis.from_url(url, socket_timeout=REDIS_S, socket_connect_timeout=REDIS_S, retry=once)


@dataclass(frozen=True)
class Parts:
    """What the routes use."""

    settings: Settings
    acts: Acts
    tasks: Tasks
    claims: Claims
    callbacks: Callbacks
    results: Results
    switches: Switches
    registry: Registry
    watch: Watch


class Launcher:
    """The parts and the loops that drive them."""

    def __init__(self, settings: Settings) -> None:
        repository = Client.of(settings, "job_repository")
        key, layout = load_key(settings.gateway_layout.secrets), layout_of(settings)
        jobs, self._broker = Jobs(repository), Broker(settings.mqtt)
        self._live = live_store(settings.redis_url)
        claims, switches = Claims(settings, key, jobs), Switches(layout.switches)
        registry = Registry(Client.of(settings, "registry", retries=0))
        ways = carriers(settings, claims, jobs, self._live, self._broker)
        window = Window(settings.launcher.window, jobs, switches, ways)
        tasks, deadlines = Tasks(repository), Deadlines(jobs, settings.launcher)
        overdue_s = settings.launcher.overdue_s
        watch = Watch(jobs, tasks, window, deadlines, registry, overdue_s, lambda: switches.first)
        self._sealing = Sealing(layout, jobs, keep_failed=bool(settings.retention.attempts.days))
        self.parts = Parts(
            settings=settings,
            acts=Acts(repository),
            tasks=tasks,
            claims=claims,
            callbacks=Callbacks(settings, key, jobs),
            results=Results(settings.mqtt, self._live, self._broker),
            switches=switches,
            registry=registry,
            watch=watch,
        )
        self._sealers = ThreadPoolExecutor(SEALED_AT_ONCE, thread_name_prefix="seal")
        self._seal_loop = OwnerLoop("launcher-sealing", self._seal_turn, idle_s=SEALING_S)
        self._loops = [
            OwnerLoop("launcher-watch", watch.turn, idle_s=PAUSE_S),
            self._seal_loop,
        ]
        sweep = Sweep(layout, jobs, settings.retention.attempts)
        self.retention = Retention("task-launcher", [Clearing(sweep)], SWEEP_S)
        news = PlateNews(repository, self._broker, layout.plate_news)
        # Apart from the others: a broker that is away keeps nothing from working.
        self._news = OwnerLoop("launcher-plates", news.turn) if settings.mqtt.host else None
        watch.on_sealing = self._seal_loop.wake

    def start(self) -> None:
        """Take up what is owned."""
        for loop in self._loops:
            loop.start()
        self.retention.start()
        if self._news:
            self._news.start()

    def stop(self) -> None:
        """End all loops after their turn."""
        if self._news:
            self._news.stop()
        self.retention.stop()
        for loop in reversed(self._loops):
            loop.stop(STOP_S)
        self._sealers.shutdown(wait=False, cancel_futures=True)
        self._broker.close()
        self._live.close()

    def trouble(self) -> str | None:
        """What keeps the loops from working now."""
        return next((loop.trouble for loop in self._loops if loop.trouble), None)

    def _seal_turn(self) -> bool:
        """Seal what waits, some at a time, as most of it is waiting for the disk; one's trouble holds up no other."""
        trouble = [each for each in self._sealers.map(self._seal, self.parts.watch.sealing) if each is not None]
        if trouble:
            raise trouble[0]
        return False

    def _seal(self, job: Job) -> LabrelayError | None:
        try:
            if not self._seal_loop.stopping:
                self._sealing.settle(job)
        except LabrelayError as error:
            return error
        return None
