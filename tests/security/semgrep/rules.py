"""Lines that each rule finds (`ruleid`) and lines that look like them and are fine (`ok`).

Read by `semgrep --test`, never run.
"""
# ruff: noqa
# type: ignore

import datetime
import hashlib
import logging
import os
import pickle
import shutil
import ssl
import subprocess
import tempfile
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import yaml

# ruleid: http-outside-clients
import httpx

# ruleid: http-outside-clients
import requests


def statements(session, request, name, engine):
    # ruleid: sql-in-a-formatted-string
    session.execute("select * from t where a = '%s'" % name)
    # ruleid: sql-in-a-formatted-string
    session.execute("select * from t where a = '{}'".format(name))
    # ruleid: sql-in-a-formatted-string
    session.execute("select * from t where a = " + name)
    # ruleid: sql-in-a-formatted-string
    session.execute(text("select '%s'" % name))
    # ok: sql-in-a-formatted-string
    session.execute(text("select * from t where a = :a"), {"a": name})
    asked = request.query_params["sort"]
    # ruleid: sql-from-the-request
    order = text(f"order by {asked}")
    # ruleid: sql-from-the-request
    session.query().order_by(literal_column(request.headers["x-sort"]))
    # ok: sql-from-the-request
    session.execute(text("select 1"), {"a": asked})
    # ruleid: statement-outside-its-room
    session.connection().exec_driver_sql("select 1")
    # ruleid: commit-outside-the-database-module
    session.commit()
    # ok: commit-outside-the-database-module
    session.flush()
    return order


def money(line, amount, rate):
    # ruleid: float-of-money
    float(amount)
    # ruleid: float-of-money
    float(line.amount)
    # ok: float-of-money
    float(rate)


def code(text_of_user, stream, matrix):
    # ruleid: code-from-text
    eval(text_of_user)
    # ruleid: code-from-text
    exec(text_of_user)
    # ruleid: objects-from-bytes
    pickle.loads(stream)
    # ruleid: objects-from-bytes
    yaml.load(stream)
    # ruleid: objects-from-bytes
    np.load(stream, allow_pickle=True)
    # ok: objects-from-bytes
    yaml.safe_load(stream)
    # ruleid: shell
    subprocess.run(text_of_user, shell=True)
    # ruleid: shell
    os.system(text_of_user)
    # ok: shell
    subprocess.run(["pg_dump", text_of_user], check=True)


def calls(url, context):
    # ruleid: unverified-tls, client-without-bounds
    httpx.Client(verify=False)
    # ruleid: unverified-tls
    context.check_hostname = False
    # ruleid: unverified-tls
    context.verify_mode = ssl.CERT_NONE
    # ruleid: redirects-followed, client-without-bounds
    httpx.get(url, timeout=5, follow_redirects=True)
    # ruleid: client-without-bounds
    httpx.post(url)
    # ok: client-without-bounds
    httpx.get(url, timeout=5.0, follow_redirects=False, trust_env=False)


def moments(stamp):
    # ruleid: time-without-zone
    datetime.datetime.now()
    # ruleid: time-without-zone
    datetime.datetime.utcnow()
    # ok: time-without-zone
    datetime.datetime.now(datetime.UTC)


def files(archive):
    # ruleid: guessable-temporary-file
    tempfile.mktemp()
    # ruleid: guessable-temporary-file
    open("/tmp/rows", "w")
    # ok: guessable-temporary-file
    tempfile.TemporaryFile()
    # ruleid: archive-unpacked-by-its-names
    archive.extractall("out")
    # ruleid: archive-unpacked-by-its-names
    shutil.unpack_archive("a.zip")
    # ok: archive-unpacked-by-its-names
    archive.open("a.csv")
    # ruleid: xml-with-entities
    xml.etree.ElementTree.parse("a.xml")


def secrets(log, webhook, password, given_signature, ours):
    # ruleid: secret-in-a-log
    log.info("added", secret=webhook.secret)
    # ruleid: secret-in-a-log
    logging.warning("login %s", password)
    # ok: secret-in-a-log
    log.info("added", webhook=webhook.id)
    # ruleid: secrets-compared-in-haste
    if given_signature == ours:
        pass
    # ok: secrets-compared-in-haste
    if webhook.id == ours:
        pass
    # ruleid: weak-hash
    hashlib.md5(b"")
    # ok: weak-hash
    hashlib.sha256(b"")


def answers(app, name):
    # ruleid: html-unescaped
    Markup(name)
    # ruleid: open-to-every-origin
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    # ok: open-to-every-origin
    app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins)
    # ruleid: dark-failure
    try:
        app.start()
    except Exception:
        pass
    # ok: dark-failure
    try:
        app.start()
    except OSError:
        pass
