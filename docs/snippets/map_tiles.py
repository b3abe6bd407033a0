W4R_MAP_TILES = {
    "url": "https://tiles.example.org/{z}/{x}/{y}.png",
    "attribution": "© OpenStreetMap contributors",
    "max_zoom": 16,
}
