"""Makes a database as fastapi-users makes it: `python record_fastapi_users.py FILE` where it is installed."""

import asyncio
import sys
import uuid

from fastapi_users import BaseUserManager, UUIDIDMixin, schemas
from fastapi_users.password import PasswordHelper
from fastapi_users_db_sqlalchemy import (
    SQLAlchemyBaseOAuthAccountTableUUID,
    SQLAlchemyBaseUserTableUUID,
    SQLAlchemyUserDatabase,
)
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, relationship


class Base(DeclarativeBase):
    pass


class OAuthAccount(SQLAlchemyBaseOAuthAccountTableUUID, Base):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    oauth_accounts: Mapped[list[OAuthAccount]] = relationship("OAuthAccount", lazy="joined")


class Manager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    pass


async def main(path: str) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine, expire_on_commit=False) as session:
        users = Manager(SQLAlchemyUserDatabase(session, User, OAuthAccount))
        await users.create(schemas.BaseUserCreate(email="Ada@example.com", password="ada's password"))
        old = PasswordHelper(PasswordHash((BcryptHasher(rounds=4), Argon2Hasher())))
        users.password_helper = old
        boss = schemas.BaseUserCreate(
            email="boss@example.com", password="boss's password", is_superuser=True, is_verified=True
        )
        await users.create(boss)
        await users.create(
            schemas.BaseUserCreate(email="gone@example.com", password="gone's password", is_active=False)
        )
        await users.oauth_callback(
            "google", "a token", "google-4711", "social@example.com", is_verified_by_default=True
        )
    await engine.dispose()


asyncio.run(main(sys.argv[1]))
