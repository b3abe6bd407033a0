SQLALCHEMY_DATABASE_URI = "postgresql+psycopg://site@db.example.org/site"
SQLALCHEMY_BINDS = {"private": "postgresql+psycopg://w4r@db.example.org/w4r"}
W4R_BIND_KEY = "private"
