W4R_SECTION = {"preset": "AU", "share_sources": ["whatsapp", "bluesky", "qr", "newsletter", "bus-stops"]}
