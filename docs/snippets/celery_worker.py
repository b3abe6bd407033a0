from celery import Celery
from our_site import app

from flask_w4r.celery_tasks import register

celery = Celery("our_site", broker="redis://127.0.0.1:6379/1")
register(celery, app)
