"""Makes a database and a dump as Django and django-allauth make them: `python record_django.py FILE DUMP`."""

import sys

import django
from django.conf import settings
from django.core.management import call_command

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
    ],
    PASSWORD_HASHERS=[
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    ],
    MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
    SECRET_KEY="for this recording alone",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from allauth.account.models import EmailAddress  # noqa: E402  Django has to be set up first
from allauth.socialaccount.models import SocialAccount  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402

call_command("migrate", verbosity=0)
ada = User.objects.create_user(
    "ada", "Ada@Example.com", "ada's password", first_name="Ada", last_name="Lovelace"
)
EmailAddress.objects.create(user=ada, email="Ada@example.com", verified=True, primary=True)
SocialAccount.objects.create(user=ada, provider="google", uid="google-1815")
boss = User.objects.create_superuser("boss", "boss@example.com", None)
boss.password = make_password("boss's password", hasher="argon2")
boss.save()
slow = User.objects.create_user("slow", "slow@example.com")
slow.password = make_password("slow's password", hasher="bcrypt_sha256")
slow.save()
User.objects.create_user("gone", "gone@example.com", "gone's password", is_active=False)
User.objects.create_user("nomail", "", "nomail's password")
User.objects.create_user("nopassword", "nopassword@example.com")
call_command(
    "dumpdata",
    "socialaccount",
    "account",
    "auth.user",
    output=sys.argv[2],
    indent=1,
)
