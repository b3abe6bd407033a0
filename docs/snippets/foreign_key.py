from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, foreign, mapped_column, relationship

from flask_w4r import W4R
from flask_w4r.models import Case


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


# start
class CaseNote(db.Model):
    __tablename__ = "case_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("w4r_case.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    case: Mapped[Case] = relationship(Case, primaryjoin=lambda: Case.id == foreign(CaseNote.case_id), viewonly=True)


# end


def create_app(config):
    app = Flask(__name__)
    app.config.from_mapping(config)
    db.init_app(app)
    W4R(app, db)
    return app
