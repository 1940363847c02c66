"""An application's models: projects and tasks are owned, teams and remarks on them are shared."""

from typing import Any, ClassVar

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

from ostiary.integrations.sqlalchemy import Owned


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "person"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)


class Team(Base):
    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    projects: Mapped[list["Project"]] = relationship(back_populates="team")


class Project(Owned, Base):
    __tablename__ = "project"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    team: Mapped[Team | None] = relationship(back_populates="projects")
    tasks: Mapped[list["Task"]] = relationship(back_populates="project")


class Task(Owned, Base):
    """Its owner's column has another name and a foreign key."""

    __tablename__ = "owned_task"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[Any] = mapped_column("owner", ForeignKey("person.id"))
    title: Mapped[str] = mapped_column(String(50))
    kind: Mapped[str] = mapped_column(String(20), default="task")
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"))
    project: Mapped[Project | None] = relationship(back_populates="tasks")
    person: Mapped[Person | None] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_on": kind, "polymorphic_identity": "task"}


class Errand(Task):
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "errand"}


class Delivery(Task):
    __tablename__ = "delivery"
    id: Mapped[int] = mapped_column(ForeignKey("owned_task.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(50), default="")
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "delivery"}


class Remark(Base):
    """Shared, and leads to what is owned."""

    __tablename__ = "remark"
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("owned_task.id"))
    task: Mapped[Task | None] = relationship()


class Unmarked(Base):
    """A second class on an owned table, which somebody forgot to mark."""

    __table__ = Task.__table__


Team.tasks_in_all = column_property(
    select(func.count(Task.id))
    .join(Project, Project.id == Task.project_id)
    .where(Project.team_id == Team.id)
    .scalar_subquery(),
    deferred=True,
)
