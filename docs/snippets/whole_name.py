W4R_SECTION = {"preset": "AU", "url_prefix": "/act", "fields": {"full_name": "required"}}
