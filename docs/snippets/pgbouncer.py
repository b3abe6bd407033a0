SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"prepare_threshold": None}}
