"""fastapi-users with its JWT strategy, which reads the user of every token from the database."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTable, SQLAlchemyUserDatabase
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.peers.databases import engine_of
from benchmarks.serving import Application, Setting, run


class Base(DeclarativeBase):
    """The tables."""


class Person(SQLAlchemyBaseUserTable[str], Base):
    """Somebody with an identifier like those of the tokens."""

    __tablename__ = "people"
    id: Mapped[str] = mapped_column(primary_key=True)


class People(BaseUserManager[Person, str]):
    """Finds people."""

    def parse_id(self, value: Any) -> str:
        """Take the subject of a token as it stands."""
        return str(value)


async def build(setting: Setting) -> Application:
    """Return an application with one protected route, and the person whom the tokens speak for."""
    trust, engine, app = setting["trust"], engine_of(setting), FastAPI()
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with sessions.begin() as session:
        session.add(Person(id=trust["subject"], email="ada@example.com", hashed_password=""))

    async def people() -> AsyncIterator[People]:
        async with sessions() as session:
            yield People(SQLAlchemyUserDatabase(session, Person))

    def strategy() -> JWTStrategy[Person, str]:
        return JWTStrategy(trust["secret"], lifetime_seconds=900, token_audience=[trust["issuer"]])

    backend = AuthenticationBackend("jwt", BearerTransport("login"), strategy)
    current = FastAPIUsers[Person, str](people, [backend]).current_user(active=True)

    @app.get("/me")
    async def me(user: Annotated[Person, Depends(current)]) -> dict[str, str]:
        return {"id": user.id}

    return app


if __name__ == "__main__":
    run(build)
