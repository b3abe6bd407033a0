from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)
# start
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)
# end


@app.get("/")
def where():
    from flask import request

    return {"address": request.remote_addr, "scheme": request.scheme}
