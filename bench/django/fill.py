"""Fills Django's tables from Yui's in the same database and prints the cookie of a signed-in person."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django

django.setup()

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import connection

from portal.models import Account

for app in ("auth", "sessions"):
    call_command("migrate", app, verbosity=0)
call_command("migrate", run_syncdb=True, verbosity=0)
with connection.cursor() as cursor:
    cursor.execute("""
        INSERT INTO portal_household (id) SELECT household_id FROM households;
        INSERT INTO portal_member (id, household_id, name, kana)
            SELECT DISTINCT m.member_id, c.household_id, m.name, m.kana FROM members m JOIN coverages c USING (member_id);
        INSERT INTO portal_batch (id, state, last_month, published_at)
            SELECT batch_id, state, last_month, published_at FROM import_batches WHERE kind = 'expenses';
        INSERT INTO portal_expense (household_id, member_id, batch_id, treatment_month, provider_name, care_kind, days,
                total, insurer_share, public_share, self_pay, note, cancelled, superseded_by)
            SELECT household_id, member_id, batch_id, treatment_month, provider_name, care_kind, days,
                total, insurer_share, public_share, self_pay, note, cancelled, superseded_by FROM expenses;
    """)
    while cursor.nextset():
        pass
    cursor.execute("SELECT household_id, name FROM accounts JOIN members USING (society_id, member_id)")
    household, name = cursor.fetchone()
user = User.objects.create_user("benchtaro1", first_name=name)
Account.objects.create(user=user, household_id=household)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
