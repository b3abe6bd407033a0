"""The worker: every capability's jobs in rounds, each as often as it asks. ``rounds.run_once`` and ``run_until_stopped``."""
