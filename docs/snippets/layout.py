W4R_LAYOUT = "site/layout.html"
