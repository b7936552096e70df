# One image; web, worker and sandbox differ only in their command (see compose.yaml).
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
RUN useradd --create-home --uid 10001 qbr
WORKDIR /srv/qbr

COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt

COPY --chown=qbr:qbr . .
USER qbr
# Collecting static files needs no database; these values exist only while the image is built.
RUN SECRET_KEY=build DATABASE_URL=postgres://build@localhost/build \
    ENCRYPTION_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    python manage.py collectstatic --noinput --verbosity 0

EXPOSE 8000
CMD ["gunicorn", "qbr.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--worker-class", "gthread"]
