"""Papers: setting PDFs with Typst, and what fonts can print. It knows no paper: each capability brings its own templates."""
