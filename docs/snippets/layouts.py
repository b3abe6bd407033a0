W4R_LAYOUT = "site/layout.html"
W4R_PUBLIC_LAYOUT = "site/public.html"
